import { declared, isSaga, isStep } from '../analysis/model.js';
import { afterPivot } from '../analysis/order.js';
import type { Rule } from '../rule.js';

export const pivotOrder: Rule = {
  id: 'pivot-order',
  family: 'pivot and policy',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'No step with an undo comes after the pivot, or beside it.',
  why: 'The pivot is the point of no return. What comes after it is repeated until it succeeds and never undone, so an undo there is never called; at run time such a step is refused, and the run is stuck where it cannot go back.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.capture(order);
    await this.reserveTruck(order);
  }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await bank.capture(order.id, { idempotencyKey: step().key });
  }
  @Compensate((o: Orders) => o.releaseTruck, { total: true })
  async reserveTruck(order: Order) {
    return carrier.reserve(order.id, { idempotencyKey: step().key });
  }
  async releaseTruck(undo: Undo<Orders, 'reserveTruck'>) {
    await carrier.releaseByKey(undo.forwardKey);
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.reserveTruck(order);
    await this.capture(order);
    await this.sendReceipt(order);
  }
  @Step({ pivot: true, irreversible: 'the money is gone' })
  async capture(order: Order) {
    await bank.capture(order.id, { idempotencyKey: step().key });
  }
  @Compensate((o: Orders) => o.releaseTruck, { total: true })
  async reserveTruck(order: Order) {
    return carrier.reserve(order.id, { idempotencyKey: step().key });
  }
  async releaseTruck(undo: Undo<Orders, 'reserveTruck'>) {
    await carrier.releaseByKey(undo.forwardKey);
  }
  @Step({ irreversible: 'a mail stays sent' })
  async sendReceipt(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
}`,
  unless: 'Calls under a condition of their own are not reported: it may be the one under which the pivot was not passed.',
  check({ unit, reach, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      const said = new Set<unknown>();
      for (const { pivot, later, isBeside } of afterPivot(saga, reach)) {
        if (!isStep(later.operation) || declared(later.operation) !== 'compensated' || said.has(later.call)) continue;
        said.add(later.call);
        report({
          at: later.call,
          subject: saga,
          message: `${saga.label} calls ${later.operation.label}, which has an undo, ${isBeside ? 'beside' : 'after'} its pivot ${pivot.operation.label}: past the pivot nothing is undone`,
          help: [`call it before ${pivot.operation.label}, or make it a step that is repeated until it succeeds`],
          through: later.hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};
