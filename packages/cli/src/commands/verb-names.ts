/** Verbs as the journal names them, and as they are typed. */
const SPELLINGS: Readonly<Record<string, string>> = {
  markCompensated: 'mark-compensated',
  completeStep: 'complete-step',
  refuseStep: 'refuse-step',
};

export function spellingOf(verb: string): string {
  return SPELLINGS[verb] ?? verb;
}
