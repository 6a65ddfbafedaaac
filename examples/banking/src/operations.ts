/** The calls to the outside: steps in their order, and what undoes or asks about them. */
const STEPS = [
  'Limits.reserve',
  'Accounts.checkReceiver',
  'Accounts.debit',
  'Fees.charge',
  'Reviews.request',
  'Accounts.credit',
  'Clearing.submit',
  'Trail.record',
] as const;
type Step = (typeof STEPS)[number];

/** What undoes a step; the point of no return and what comes after it have nothing. */
const UNDO_OF = {
  'Limits.reserve': 'Limits.release',
  'Accounts.debit': 'Accounts.payBack',
  'Fees.charge': 'Fees.refund',
  'Reviews.request': 'Reviews.withdraw',
} as const satisfies Partial<Record<Step, string>>;

export type Operation = Step | (typeof UNDO_OF)[keyof typeof UNDO_OF] | 'Accounts.lookUp' | 'Clearing.lookUp';

/** How the undo of a step is called on the screen. */
export function undoOf(step: string): string {
  return (UNDO_OF as Readonly<Record<string, string>>)[step] ?? step;
}
