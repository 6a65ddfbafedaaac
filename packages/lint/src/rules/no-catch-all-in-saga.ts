import { ts } from '../port.js';
import { isSaga, isStep, optionOf } from '../analysis/model.js';
import { find } from '../analysis/syntax.js';
import type { Operation } from '../analysis/model.js';
import type { Context, Rule } from '../rule.js';
import { catchesIn, narrows, rethrows } from './catches.js';

export const noCatchAllInSaga: Rule = {
  id: 'no-catch-all-in-saga',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A catch around steps looks at the error, or throws it again.',
  why: 'A step that failed turns the saga back, unless its body catches the error. A catch that takes every error also takes the lost answers: the saga goes on and ends as completed although nobody knows what the step did.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    try {
      await this.pay(order);
    } catch {
      return 'later';
    }
  }
  @Step({ irreversible: 'paid is paid' })
  async pay(order: Order) {
    await bank.pay(order.id, { idempotencyKey: step().key });
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    try {
      await this.pay(order);
    } catch (error) {
      if (error instanceof CardDeclined) return 'later';
      throw error;
    }
  }
  @Step({ irreversible: 'paid is paid' })
  async pay(order: Order) {
    await bank.pay(order.id, { idempotencyKey: step().key });
  }
}`,
  unless: 'Read-only steps may fail without harm, and are not reported.',
  check({ unit, resolver, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      for (const one of catchesIn(saga.fn)) {
        const step = stepIn(one.guarded, resolver);
        if (!step || rethrows(one, resolver) || narrows(one)) continue;
        report({
          at: one.node.getFirstToken() ?? one.node,
          subject: saga,
          message: `${saga.label} catches every error of ${step.label} and goes on: a lost answer would pass for a refusal`,
          help: ['look at the error, and throw again what you did not expect'],
        });
      }
    }
  },
};

function stepIn(node: ts.Node, resolver: Context['resolver']): Operation | undefined {
  let found: Operation | undefined;
  const isHarmless = (one: Operation): boolean => isStep(one) && optionOf(one, 'Step', 'readOnly') !== undefined;
  find(node, (one) => {
    if (ts.isCallExpression(one)) found ??= resolver.operations(one).find((each) => !isHarmless(each));
    return found !== undefined;
  });
  return found;
}
