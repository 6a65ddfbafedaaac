import { declared, isSaga, isStep } from '../analysis/model.js';
import type { Rule } from '../rule.js';

export const noNestedStep: Rule = {
  id: 'no-nested-step',
  family: 'step body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A step calls no other step that changes something, and starts no saga.',
  why: 'A step within a step is a part of the outer one: it is not recorded, and its own undo is never called. The undo of the outer one must take back both, which nobody sees who reads the inner one.',
  wrong: `
class Orders {
  @Step({ irreversible: 'gone is gone' })
  async outer(order: Order) {
    await this.inner(order);
  }
  @Compensate((o: Orders) => o.undoInner, { total: true })
  async inner(order: Order) {
    return bank.charge(order.id, { idempotencyKey: step().key });
  }
  async undoInner(undo: Undo<Orders, 'inner'>) {
    await bank.cancelByKey(undo.forwardKey);
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.outer(order);
    await this.inner(order);
  }
  @Step({ irreversible: 'gone is gone' })
  async outer(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
  @Compensate((o: Orders) => o.undoInner, { total: true })
  async inner(order: Order) {
    return bank.charge(order.id, { idempotencyKey: step().key });
  }
  async undoInner(undo: Undo<Orders, 'inner'>) {
    await bank.cancelByKey(undo.forwardKey);
  }
}`,
  unless: 'Read-only steps may be called: there is nothing of theirs to undo.',
  check({ unit, reach, report }) {
    for (const outer of unit.operations.filter((one) => isStep(one) && !one.isPlain)) {
      const said = new Set<unknown>();
      for (const { operation, hops } of reach.operations(outer.fn)) {
        const at = hops[0]?.call;
        if (!at || said.has(operation) || (isStep(operation) && declared(operation) !== 'compensated')) continue;
        said.add(operation);
        report({
          at,
          subject: outer,
          message: `${outer.label} is a step and calls the ${operation.kind} ${operation.label}, ${isSaga(operation) ? 'which would be no part of this run' : 'whose undo is never called there'}`,
          help: ['call both from the saga, one after the other, or call what is behind the inner one'],
          through: hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};
