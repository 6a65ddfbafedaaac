import type { RunView, StepView } from '@redress/core';

/** What would follow on a verb, as far as the journal tells; a body may do more. */
export function planOf(verb: string, run: RunView, step: string | undefined): readonly string[] {
  switch (verb) {
    case 'hold':
      return ['would not be driven until it is released'];
    case 'release':
      return ['would be driven again'];
    case 'extend':
      return ['would get a later deadline'];
    case 'cancel':
      return backward(run.steps.filter(hasUndo));
    case 'retry':
      return isGoingBack(run) ? backward(leftToUndo(run)) : ['would call its body again: recorded steps answer, the stuck one is called'];
    case 'markCompensated':
      return [`would record ${step} as undone by hand`, ...backward(run.steps.filter(({ undo }) => undo === 'pending'))];
    case 'waive':
      return [
        `would give up the undo of ${step}: the run would end mixed`,
        ...backward(run.steps.filter(({ undo }) => undo === 'pending')),
      ];
    case 'completeStep':
      return [`would record ${step} as done, and go on`];
    case 'refuseStep':
      return [
        `would record that ${step} did not happen`,
        ...backward(run.steps.filter(hasUndo).filter(({ outcome }) => outcome === 'done')),
      ];
    default:
      return [];
  }
}

function isGoingBack({ steps }: RunView): boolean {
  return steps.some(({ undo }) => undo !== undefined);
}

function hasUndo({ kind, outcome }: StepView): boolean {
  return kind === 'compensated' && outcome !== 'refused';
}

function leftToUndo({ steps }: RunView): readonly StepView[] {
  return steps.filter(({ undo }) => undo === 'stuck' || undo === 'pending');
}

/** Undos in the reverse order of the steps. */
function backward(steps: readonly StepView[]): readonly string[] {
  if (steps.length === 0) return ['nothing would be undone'];
  return steps.toReversed().map(({ operation, n }, i) => `${i === 0 ? 'would undo' : 'then      '} ${operation} (step ${n})`);
}
