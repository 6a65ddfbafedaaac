import type { Rule } from '../rule.js';
import { writesToThis } from './writes.js';

export const statelessSagaClass: Rule = {
  id: 'stateless-saga-class',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'Sagas and steps write to no field of their object.',
  why: 'All runs share one object, and after a crash another process goes on with another one. What a step leaves in a field is seen by the wrong runs, and lost to its own.',
  wrong: `
class Orders {
  private current?: Order;
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    this.current = order;
    await this.tell(order.id);
  }
  @Step({ irreversible: 'told is told' })
  async tell(id: string) {
    await mailer.send(id, { idempotencyKey: step().key });
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.tell(order.id);
  }
  @Step({ irreversible: 'told is told' })
  async tell(id: string) {
    await mailer.send(id, { idempotencyKey: step().key });
  }
}`,
  unless: 'Counters and caches: keep them in an object of their own, whose methods may be called.',
  check({ unit, report }) {
    for (const operation of unit.operations.filter(({ isPlain }) => !isPlain)) {
      const said = new Set<string>();
      for (const { field, node } of writesToThis(operation.fn)) {
        if (said.has(field)) continue;
        said.add(field);
        report({
          at: node,
          subject: operation,
          message: `${operation.label} writes to this.${field}: all runs share it, and after a crash it is gone`,
          help: ['return it, pass it on as an argument, or keep it with step().note(…)'],
        });
      }
    }
  },
};
