import { ts } from '../port.js';
import { isSaga } from '../analysis/model.js';
import { has, walk } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';

export const noFinallyOverWait: Rule = {
  id: 'no-finally-over-wait',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'No `finally` and no `using` around a durable wait.',
  why: 'While a run waits for a signal or a time, its body is given up: no error passes through it, so `finally` and `await using` around the wait do not run, and what they should close stays open. When the wait is over the body is called again from its beginning, perhaps in another process.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    try {
      await run().receive('approval');
    } finally {
      order.close();
    }
  }
}`,
  right: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    const approval = await run().receive('approval');
    if (!approval) throw new RefusedError('nobody approved');
  }
}`,
  unless: 'Never: open and close within one step.',
  check({ unit, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      walk(saga.fn.body, (node) => {
        if (ts.isTryStatement(node) && node.finallyBlock && has(node.tryBlock, isWait)) {
          report({
            at: node.finallyBlock.getFirstToken() ?? node.finallyBlock,
            subject: saga,
            message: `${saga.label} waits durably inside of a try with finally: while the run is parked the finally does not run`,
            help: ['move what must be closed into a step'],
          });
        }
        if (!ts.isVariableDeclarationList(node) || (node.flags & ts.NodeFlags.Using) !== ts.NodeFlags.Using) return;
        const block = node.parent.parent;
        const rest = ts.isBlock(block) ? block.statements.filter((one) => one.pos >= node.parent.end) : [];
        if (!rest.some((one) => has(one, isWait))) return;
        report({
          at: node,
          subject: saga,
          message: `${saga.label} waits durably while it holds a resource by using: while the run is parked it is not given back`,
          help: ['take and give it back within one step'],
        });
      });
    }
  },
};

/** `run().sleep(…)`, `run().receive(…)`, `run.sleep(…)`. */
function isWait(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  return /^(sleep|receive)$/.test(name.text) && /^(run\(\)|run)$/.test(expression.getText());
}
