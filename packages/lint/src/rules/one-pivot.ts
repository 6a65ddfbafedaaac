import { isSaga } from '../analysis/model.js';
import { afterPivot, hasPivot } from '../analysis/order.js';
import type { Rule } from '../rule.js';

export const onePivot: Rule = {
  id: 'one-pivot',
  family: 'pivot and policy',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A path through a saga passes one pivot.',
  why: 'After a pivot there is no way back, so a second point of no return cannot be decided upon any more: at run time it is refused, and the run is stuck. A saga that is called and has a pivot counts as one.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.capture(order);
    await this.dispatch(order);
  }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await bank.capture(order.id, { idempotencyKey: step().key });
  }
  @Step({ pivot: true, irreversible: 'the truck has left' })
  async dispatch(order: Order) {
    await carrier.dispatch(order.id, { idempotencyKey: step().key });
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.capture(order);
    await this.dispatch(order);
  }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await bank.capture(order.id, { idempotencyKey: step().key });
  }
  @Step({ irreversible: 'the truck has left' })
  async dispatch(order: Order) {
    await carrier.dispatch(order.id, { idempotencyKey: step().key });
  }
}`,
  unless: 'Two pivots in the two arms of one condition are one on each path, and are not reported.',
  check({ unit, reach, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      const said = new Set<unknown>();
      for (const { pivot, later, isBeside } of afterPivot(saga, reach)) {
        if (!hasPivot(later.operation, reach) || said.has(later.call) || (isBeside && said.has(pivot.call))) continue;
        said.add(later.call);
        const again = later === pivot ? 'in each round of a loop' : `${isBeside ? 'beside' : 'after'} the pivot ${pivot.operation.label}`;
        report({
          at: later.call,
          subject: saga,
          message: `${saga.label} passes the pivot ${later.operation.label} ${again}: a path has one`,
          help: ['keep the first one, and let what comes after it be repeated until it succeeds'],
          through: later.hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};
