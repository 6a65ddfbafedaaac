import { ts } from '../port.js';
import { isLogging } from '../analysis/logging.js';
import type { Resolver } from '../analysis/resolver.js';
import { has, isFunction, walk } from '../analysis/syntax.js';
import type { Function } from '../analysis/syntax.js';

/** A place where an error ends: a catch clause, or the function given to `.catch`. */
export interface Catch {
  readonly node: ts.Node;
  /** What may throw into it. */
  readonly guarded: ts.Node;
  readonly body: ts.Node;
  readonly error: string | undefined;
}

export function catchesIn(fn: Function): readonly Catch[] {
  const found: Catch[] = [];
  walk(fn.body, (node) => {
    if (ts.isTryStatement(node) && node.catchClause) {
      const { block, variableDeclaration } = node.catchClause;
      found.push({ node: node.catchClause, guarded: node.tryBlock, body: block, error: variableDeclaration?.name.getText() });
    }
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || node.expression.name.text !== 'catch') return;
    const handler = node.arguments[0];
    if (!isFunction(handler)) return;
    found.push({
      node: node.expression.name,
      guarded: node.expression.expression,
      body: handler.body,
      error: handler.parameters[0]?.name.getText(),
    });
  });
  return found;
}

/** It throws again, by itself or by a helper, or calls something that is named so (`Promise.reject`, `rethrow`). */
export function rethrows({ body }: Catch, resolver: Resolver): boolean {
  return has(body, (node) => {
    if (ts.isThrowStatement(node)) return true;
    if (!ts.isCallExpression(node)) return false;
    const name = node.expression.getText().split('.').at(-1) ?? '';
    if (/^(reject|rethrow|fail|throw\w*|assert\w*)$/.test(name)) return true;
    return resolver.targets(node).some((one) => one.kind === 'code' && has(one.fn.body, ts.isThrowStatement));
  });
}

/** It looks at the error before it decides. */
export function narrows({ body, error }: Catch): boolean {
  if (error === undefined) return false;
  const says = (node: ts.Node): boolean => has(node, (one) => ts.isIdentifier(one) && error.split(/\W+/).includes(one.text));
  return has(body, (node) => {
    if (ts.isIfStatement(node)) return says(node.expression);
    if (ts.isConditionalExpression(node)) return says(node.condition);
    return ts.isSwitchStatement(node) && says(node.expression);
  });
}

/** Nothing but logging, and giving up. */
export function onlyLogs(body: ts.Node): boolean {
  return !has(
    body,
    (node) =>
      (ts.isCallExpression(node) && !isLogging(node) && !isWithinLogging(node)) || ts.isNewExpression(node) || ts.isAwaitExpression(node),
  );
}

function isWithinLogging(node: ts.Node): boolean {
  return ts.findAncestor(node.parent, (one) => ts.isCallExpression(one) && isLogging(one)) !== undefined;
}
