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
  while (isPassedOn(one.parent, one)) one = ts.isPropertyAccessExpression(one.parent) ? one.parent.parent : one.parent;
  const { parent } = one;
  if (ts.isExpressionStatement(parent) || ts.isVoidExpression(parent)) return 'does not wait for it';
  if (ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name) && !isUsed(parent.name)) return 'never looks at its promise';
  return isForForEach(one) ? 'forEach does not wait for it' : undefined;
}

/** The value of a larger expression: in brackets, behind a condition, with a `.then`. */
function isPassedOn(parent: ts.Node, one: ts.Node): boolean {
  if (ts.isParenthesizedExpression(parent) || isThen(parent, one)) return true;
  if (ts.isConditionalExpression(parent)) return one !== parent.condition;
  const shorts = [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken];
  return ts.isBinaryExpression(parent) && one === parent.right && shorts.includes(parent.operatorToken.kind);
}

/** It is awaited in, or answered by, a function that is given to `forEach`. Handed to something else, such as a list, it may be joined later. */
function isForForEach({ parent }: ts.Node): boolean {
  const callback = ts.findAncestor(parent, (node) => ts.isArrowFunction(node) || ts.isFunctionExpression(node));
  const outer = callback?.parent;
  if (!outer || !ts.isCallExpression(outer) || !outer.expression.getText().endsWith('.forEach')) return false;
  return parent === callback || ts.isAwaitExpression(parent) || ts.isReturnStatement(parent);
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
