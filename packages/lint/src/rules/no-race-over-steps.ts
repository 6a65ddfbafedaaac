import { ts } from '../port.js';
import { isSaga } from '../analysis/model.js';
import type { Operation } from '../analysis/model.js';
import { declarationOf, find, walk } from '../analysis/syntax.js';
import type { Context, Rule } from '../rule.js';

export const noRaceOverSteps: Rule = {
  id: 'no-race-over-steps',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'Steps are not raced against each other, nor against a timer.',
  why: '`Promise.race` and `Promise.any` leave the loser running. Its effect happens, its outcome is looked at by nobody, and a replay may see another winner.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await Promise.race([this.tell(order), run().sleep('1m')]);
  }
  @Step({ irreversible: 'told is told' })
  async tell(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    await this.tell(order);
  }
  @Timeout('1m')
  @Step({ irreversible: 'told is told' })
  async tell(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
}`,
  unless: 'Durable waits may be raced: a wait that loses has changed nothing.',
  check({ unit, resolver, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      walk(saga.fn.body, (node) => {
        if (!ts.isCallExpression(node) || !/^Promise\.(race|any)$/.test(node.expression.getText())) return;
        const raced = node.arguments[0] && stepIn(node.arguments[0], resolver);
        if (!raced) return;
        report({
          at: node.expression,
          subject: saga,
          message: `${saga.label} races ${raced.label} by ${node.expression.getText()}: the loser goes on, and nobody looks at its outcome`,
          help: ['give the step a limit of its own by @Timeout, or @Hedge for several tries at once'],
        });
      });
    }
  },
};

function stepIn(node: ts.Node, resolver: Context['resolver']): Operation | undefined {
  let found: Operation | undefined;
  find(node, (one) => {
    if (ts.isCallExpression(one)) found ??= resolver.operations(one)[0];
    if (ts.isIdentifier(one) && ts.isExpression(one) && !ts.isPropertyAccessExpression(one.parent)) {
      const declared = declarationOf(one.text, one);
      if (declared && ts.isVariableDeclaration(declared) && declared.initializer && ts.isCallExpression(declared.initializer)) {
        found ??= resolver.operations(declared.initializer)[0];
      }
    }
    return found !== undefined;
  });
  return found;
}
