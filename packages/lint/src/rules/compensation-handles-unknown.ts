import { ts } from '../port.js';
import { undoArgument, undoBodies } from '../analysis/compensation.js';
import { has, walk } from '../analysis/syntax.js';
import type { Function } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';

export const compensationHandlesUnknown: Rule = {
  id: 'compensation-handles-unknown',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'An undo that uses the result looks at the outcome first.',
  why: "When an answer was lost, nobody knows whether the step happened: its undo is called with `outcome: 'unknown'` and no result. An undo that takes a number out of the result fails just then, again and again, and the run is stuck.",
  wrong: `
class Payments {
  @Compensate((p: Payments) => p.refund)
  async charge(orderId: string, cents: number) {
    return bank.charge(orderId, cents, { idempotencyKey: step().key });
  }
  async refund(undo: Undo<Payments, 'charge'>) {
    await bank.refund(undo.result!.id, { idempotencyKey: undo.key });
  }
}`,
  right: `
class Payments {
  @Compensate((p: Payments) => p.refund)
  async charge(orderId: string, cents: number) {
    return bank.charge(orderId, cents, { idempotencyKey: step().key });
  }
  async refund(undo: Undo<Payments, 'charge'>) {
    if (undo.outcome === 'done') await bank.refund(undo.result.id, { idempotencyKey: undo.key });
    else await bank.cancelByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}`,
  unless: 'Steps that return nothing have no result to ask for.',
  check({ unit, checker, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      const use = careless(fn);
      if (!use) continue;
      report({
        at: use,
        subject: step,
        message: `${name || `the undo of ${step.label}`} uses the result of ${step.label} and does not look at undo.outcome: after a lost answer there is none`,
        help: ["if (undo.outcome === 'done') use undo.result; otherwise undo by undo.forwardKey"],
      });
    }
  },
};

/** The first use of the result that takes it for granted. */
function careless(fn: Function): ts.Node | undefined {
  const { name, parts } = undoArgument(fn);
  const part = parts.get('result');
  const mentions = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === 'outcome';
  if (has(fn.body, mentions) || parts.has('outcome')) return undefined;
  const isResult = (node: ts.Node): boolean =>
    part === undefined
      ? ts.isPropertyAccessExpression(node) &&
        node.name.text === 'result' &&
        ts.isIdentifier(node.expression) &&
        node.expression.text === name
      : ts.isIdentifier(node) && node.text === part && !ts.isBindingElement(node.parent);
  let found: ts.Node | undefined;
  let isGuarded = false;
  walk(fn.body, (node) => {
    if (!isResult(node)) return;
    const { parent } = node;
    if (ts.isNonNullExpression(parent)) found ??= parent;
    else if (ts.isPropertyAccessExpression(parent) && parent.expression === node && !parent.questionDotToken) found ??= node;
    else if (ts.isElementAccessExpression(parent) && parent.expression === node && !parent.questionDotToken) found ??= node;
    else if (isAsked(node)) isGuarded = true;
  });
  return isGuarded ? undefined : found;
}

function isAsked(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isIfStatement(parent) || ts.isConditionalExpression(parent) || ts.isPrefixUnaryExpression(parent) || ts.isBinaryExpression(parent))
    return true;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.questionDotToken !== undefined) ||
    ts.isTypeOfExpression(parent) ||
    ts.isVariableDeclaration(parent)
  );
}
