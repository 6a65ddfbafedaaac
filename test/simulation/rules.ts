/** The rules that a history must keep, by name. */
export const RULES = {
  'version-grows': 'Each commit and each claim raises the version by one.',
  'one-owner': 'Only the owner of a run writes to it.',
  'claim-only-due': 'A run is claimed when it is due, and not before: no lease is stolen, and no ended run is claimed.',
  'end-is-final': 'Nothing is written to a run that has ended.',
  'status-fits': 'The head says what the journal says, in the same commit.',
  'journal-shape': 'The beginning comes first, steps are numbered in their order, nothing is said twice.',
  direction: 'From the decision to go back on, no step is intended any more, and the run does not complete.',
  'all-settled': 'A run completes when all its steps have settled, durable waits apart.',
  'outcome-true': 'A step is recorded as done when its body has returned, and an undo when it has.',
  'refused-true': 'A step that is recorded as refused has never had an effect.',
  'undo-list':
    'The frozen list holds each step that may have had an effect, in reverse start order; those that may still land get a second look.',
  pivot: 'Once the pivot is done there is no way back.',
  waits: 'A sleep ends in its time and not before; a signal is given once, to a wait of its name.',
  cancel: 'A run whose cancel is durable does not complete, unless a pivot is in the way, and nobody begins it again.',
  held: 'Nobody who finds a run held begins anything.',
  'undo-order': 'Undos are recorded and begun in the order of the list, each after the one before it is durable, the second looks last.',
  'undo-all':
    'A run is called compensated when everything in its list is undone, the second looks too, and mixed when a person waived something.',
  'intent-first': 'An intent is durable before its body begins, and there is no effect without an intent.',
  'acts-as-owner': 'A body begins in the process that owns the run, while its lease lasts.',
  'not-after-decision': 'No forward body begins after the decision to go back is durable.',
  'not-again': 'A step whose outcome is durable does not run again, nor does an undo.',
  'not-repeatable': 'A step that must not be repeated is not.',
  keys: 'A key belongs to one step of one run for ever; an undo has its own.',
  'undo-known': 'An undo is begun for what the journal holds, and told the outcome that the journal holds.',
  'undos-apart': 'Undos of a run do not overlap.',
  quiesce: 'Running bodies are waited for before the first undo, or for as long as was promised.',
  'late-later': 'A second look is not taken before its time.',
  'told-after': 'An event is told after what it tells of is durable; that a run is stuck, once.',
  ends: 'Every run comes to an end, or is stuck with a reason, once faults have stopped.',
  answers: 'Every caller is told the outcome of the run.',
  'id-and-input': 'The same id with another input is refused, and nothing else is.',
  'effects-stay': 'What a completed run says is done is there.',
  'effects-go': 'What a compensated run may have done is not there.',
  deadline:
    'From its deadline on a run goes back, unless a pivot is in the way: it does not complete, and nobody who finds it begins anything.',
  'deadline-kept': 'A deadline is what was asked for, stays, is no cause before its time, and a run that waits is due by then.',
  idle: 'A run that waits is not taken up again and again while nothing is due.',
  doubt: 'A pivot in doubt is settled by an answer, its probe or a person: nobody calls it unknown, and nobody goes back before that.',
  'probe-first': 'A pivot with a probe is called again when the outside has never seen it, says its probe, and not before.',
  'child-born': 'A child begins after the intent of its parent, with the input that stands there, and not when its step is over.',
  'child-true': 'A step that is a saga is done when that run has completed, with its result, and refused when it left nothing behind.',
  'child-fails': 'A step that is a saga fails for what became of that run: not for a store that was away, nor for a process that stopped.',
  'child-pivot': 'Whose child has passed its pivot has passed one.',
  'child-place': 'A parent takes its child back in its place: when all that began later is undone.',
  'child-undone': 'The undo of a child is done when the child is, and a compensated run leaves no child that is not.',
  'child-stays': 'A child that a completed run calls done stays.',
  commits: 'N sequential steps make N + 1 commits.',
} as const;

export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  readonly run: string;
  /** When, and where in the records. */
  readonly t: number;
  readonly at: number;
  readonly what: string;
}
