import { isSaga } from '../analysis/model.js';
import type { Reached } from '../analysis/reach.js';
import { classAround } from '../analysis/syntax.js';
import { ts } from '../port.js';
import type { Rule } from '../rule.js';

export const noSideEffectOutsideStep: Rule = {
  id: 'no-side-effect-outside-step',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The body of a saga talks to the outside through steps only.',
  why: 'After a crash the body is called again, and its steps answer from the journal. What stands between the steps is done again each time: the mail is sent twice, and what was read may be something else, so that the body goes another way than the first time.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await fetch(url, { method: 'POST', body: order.id });
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.tell(order);
  }
  @Timeout('5s')
  @Step({ irreversible: 'told is told' })
  async tell(order: Order) {
    await fetch(url, { method: 'POST', body: order.id, headers: { 'Idempotency-Key': step().key } });
  }
}`,
  options: 'What counts as an effect is said under `lint.effects` of the configuration.',
  unless: 'Logging and metrics are not followed: they may come twice.',
  check({ unit, reach, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      const said = new Set<ts.Node>();
      for (const reached of reach.from(saga.fn)) {
        const at = reached.hops[0]?.call;
        if (!at || said.has(at) || reached.kind === 'random' || isReportedAtMethod(reached)) continue;
        said.add(at);
        const what = reached.kind === 'write' ? 'it would be done again with each replay' : 'a replay might get another answer';
        report({
          at,
          subject: saga,
          message: `${saga.label} ${reached.kind === 'write' ? 'reaches an effect' : 'asks the outside'}, and not in a step: ${reach.chain(saga.method, reached)}; ${what}`,
          help: [
            reached.kind === 'write'
              ? 'move it into a method with @Compensate or @Step'
              : 'move it into a method with @Step({ readOnly: true })',
          ],
          through: reached.hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};

/** A method that changes something is told that it should be a step, see step-requires-compensation. */
function isReportedAtMethod({ kind, hops }: Reached): boolean {
  return kind === 'write' && hops.some(({ fn }) => fn && ts.isMethodDeclaration(fn) && classAround(fn) !== undefined);
}
