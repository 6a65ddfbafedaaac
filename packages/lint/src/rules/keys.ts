import { ts } from '../port.js';
import type { Operation } from '../analysis/model.js';
import { has } from '../analysis/syntax.js';
import type { Function } from '../analysis/syntax.js';
import type { Context } from '../rule.js';

/** The step, or a helper that it calls, speaks of `step()` or of a key, be it one of its own making. */
export function forwardsKey({ resolver }: Pick<Context, 'resolver'>, { fn }: Operation): boolean {
  return speaksOfKey(fn, resolver, new Set());
}

function speaksOfKey(fn: Function, resolver: Context['resolver'], seen: Set<Function>): boolean {
  if (seen.has(fn) || seen.size > 200) return false;
  seen.add(fn);
  return has(fn, (node) => {
    if (ts.isIdentifier(node) && isKeyName(node)) return true;
    if (ts.isStringLiteralLike(node) && /idempotency[-_]?key/i.test(node.text)) return true;
    if (!ts.isCallExpression(node)) return false;
    if (node.expression.getText().split('.').at(-1) === 'step' && node.arguments.length === 0) return true;
    return resolver.targets(node).some((one) => one.kind === 'code' && speaksOfKey(one.fn, resolver, seen));
  });
}

function isKeyName({ text, parent }: ts.Identifier): boolean {
  if (/^(idempotency_?key|forwardKey)$/i.test(text)) return true;
  return text === 'key' && (ts.isPropertyAccessExpression(parent) || ts.isBindingElement(parent));
}
