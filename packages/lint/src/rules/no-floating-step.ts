import { ts } from '../port.js';
import { isSaga } from '../analysis/model.js';
import { declarationOf, has, walk } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';

export const noFloatingStep: Rule = {
  id: 'no-floating-step',
  family: 'saga body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'The promise of a step is awaited, returned or joined.',
  why: 'The outcome of a step that nobody waits for is lost to the body: its failure turns nothing back, and the steps after it begin too early.',
  wrong: `
class Orders {
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) {
    this.tell(order);
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
  @Step({ irreversible: 'told is told' })
  async tell(order: Order) {
    await mailer.send(order.id, { idempotencyKey: step().key });
  }
}`,
  unless: 'Never: `Promise.all` starts several at once.',
  check({ unit, resolver, report }) {
    for (const saga of unit.operations.filter(isSaga)) {
      walk(saga.fn.body, (node) => {
        if (!ts.isCallExpression(node)) return;
        const [called] = resolver.operations(node);
        const fault = called && floats(node);
        if (!called || !fault) return;
        const statement = node.parent;
        report({
          at: node,
          subject: saga,
          message: `${saga.label} starts ${called.label} and ${fault}`,
          help: ['await it, return it, or give it to Promise.all'],
          ...(ts.isExpressionStatement(statement) && isInAsync(node)
            ? { suggestions: [{ title: 'Await it', edits: [{ start: node.getStart(), end: node.getStart(), text: 'await ' }] }] }
            : {}),
        });
      });
    }
  },
};

function floats(call: ts.CallExpression): string | undefined {
  let one: ts.Node = call;
  while (isThen(one.parent, one) || ts.isParenthesizedExpression(one.parent))
    one = ts.isPropertyAccessExpression(one.parent) ? one.parent.parent : one.parent;
  const { parent } = one;
  if (ts.isExpressionStatement(parent) || ts.isVoidExpression(parent)) return 'does not wait for it';
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) && !isUsed(parent.name)) return 'never looks at its promise';
  const callback = ts.findAncestor(call, (node) => ts.isArrowFunction(node) || ts.isFunctionExpression(node));
  const outer = callback?.parent;
  const isForEach = outer !== undefined && ts.isCallExpression(outer) && outer.expression.getText().endsWith('.forEach');
  return isForEach ? 'forEach does not wait for it' : undefined;
}

/** `x.then(…)` and `x.finally(…)`. */
function isThen(parent: ts.Node, one: ts.Node): boolean {
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== one) return false;
  return ['then', 'catch', 'finally'].includes(parent.name.text) && ts.isCallExpression(parent.parent);
}

function isUsed(name: ts.Identifier): boolean {
  const block = ts.findAncestor(name, (node) => ts.isBlock(node) || ts.isSourceFile(node));
  return has(
    block,
    (node) => ts.isIdentifier(node) && node !== name && node.text === name.text && declarationOf(node.text, node) === name.parent,
  );
}

function isInAsync(node: ts.Node): boolean {
  const fn = ts.findAncestor(node, ts.isFunctionLike);
  return (
    fn !== undefined && ts.canHaveModifiers(fn) && (ts.getModifiers(fn)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false)
  );
}
