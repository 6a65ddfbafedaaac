import { ts } from '../port.js';
import { declared, isPivot, isStep, optionOf } from '../analysis/model.js';
import type { Operation } from '../analysis/model.js';
import type { Context, Rule } from '../rule.js';
import { forwardsKey } from './keys.js';

export const unknownNeedsAnswer: Rule = {
  id: 'unknown-needs-answer',
  family: 'pivot and policy',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A step whose answer may be lost can be asked for, repeated with its key, or undone.',
  why: 'After a lost answer nobody knows whether the step happened. A pivot needs to know: it is repeated with its key, so that the other side does it once, or a `probe` asks the other side. With neither, the money moves twice, or the run waits for a person.',
  wrong: `
class Orders {
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await fetch(url, { method: 'POST', body: order.id });
  }
}`,
  right: `
class Orders {
  @Timeout('10s')
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await fetch(url, { method: 'POST', body: order.id, headers: { 'Idempotency-Key': step().key } });
  }
}`,
  unless: 'Steps that do not forward their key and are no pivots are undone as unknown, which their undo must take.',
  check(context) {
    for (const step of context.unit.operations.filter(isStep)) {
      const fault = optionOf(step, 'Step', 'probe') ? undefined : faultOf(context, step);
      if (!fault) continue;
      context.report({
        at: step.name,
        of: step.declaration,
        subject: step,
        message: `${step.label} ${fault}: after a lost answer nobody knows whether it happened`,
        help: ['forward step().key to the other side, or name a method that asks it: @Step({ probe: … })'],
      });
    }
  },
};

function faultOf(context: Context, step: Operation): string | undefined {
  const once = optionOf(step, 'Step', 'repeatable')?.kind === ts.SyntaxKind.FalseKeyword;
  if (once && isPivot(step)) return 'is a pivot that must not be repeated, and has no probe';
  if (once && declared(step) === 'irreversible') return 'must not be repeated, has no undo and no probe';
  if (!isPivot(step) || forwardsKey(context, step)) return undefined;
  const writes = context.reach.from(step.fn).some(({ kind }) => kind === 'write');
  return writes ? 'is a pivot, forwards no key and has no probe' : undefined;
}
