import { isSaga } from '../analysis/model.js';
import type { ts } from '../port.js';
import type { Rule } from '../rule.js';

export const noNondeterminismInSaga: Rule = {
  id: 'no-nondeterminism-in-saga',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The body of a saga answers the same each time it is called.',
  why: 'After a crash the body is called again and must come to the same steps with the same arguments. The time, chance, the environment and timers are something else then: the replay does not fit the journal, and the run stops with a mismatch.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    if (Date.now() > order.due) await this.expire(order);
  }
  @Step({ irreversible: 'expired is expired' })
  async expire(order: Order) {
    await bank.expire(order.id, { idempotencyKey: step().key });
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    const now = await this.now();
    if (now > order.due) await this.expire(order);
    await run().sleep('1h');
  }
  @Step({ readOnly: true })
  async now() {
    return Date.now();
  }
  @Step({ irreversible: 'expired is expired' })
  async expire(order: Order) {
    await bank.expire(order.id, { idempotencyKey: step().key });
  }
}`,
  options: 'Calls that answer something else each time are added under `lint.effects` as `random`, and taken out as `pure`.',
  unless: 'Never in what decides or is passed on. For a line in a log, suppress it and say so.',
  check({ unit, reach, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      const said = new Set<ts.Node>();
      for (const reached of reach.from(saga.fn)) {
        const at = reached.hops[0]?.call;
        if (!at || reached.kind !== 'random' || said.has(at)) continue;
        said.add(at);
        report({
          at,
          subject: saga,
          message: `${saga.label} gets another answer with each replay: ${reach.chain(saga.method, reached)}`,
          help: ['ask in a method with @Step({ readOnly: true }); wait with run().sleep(…)'],
          through: reached.hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};
