import { ts } from '../port.js';
import { isStep } from '../analysis/model.js';
import { find, valueOf, walk } from '../analysis/syntax.js';
import type { Context, Rule } from '../rule.js';

export const noKeyMintedInStep: Rule = {
  id: 'no-key-minted-in-step',
  family: 'step body',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A key that is sent outside is not made inside of the step.',
  why: 'The body of a step runs again with each retry and after a crash. A key that it makes from chance, from the time or from the number of the attempt is another one each time, so that the other side takes each attempt for a new call.',
  wrong: `
import { randomUUID } from 'node:crypto';
class Payments {
  @Step({ irreversible: 'charged is charged' })
  async charge(orderId: string) {
    await bank.charge(orderId, { idempotencyKey: randomUUID() });
  }
}`,
  right: `
class Payments {
  @Step({ irreversible: 'charged is charged' })
  async charge(orderId: string) {
    await bank.charge(orderId, { idempotencyKey: step().key });
  }
}`,
  unless: 'Keys of parts are made from the key of the step: `${step().key}/line-1`.',
  check(context) {
    for (const step of context.unit.operations.filter(isStep)) {
      walk(step.fn.body, (node) => {
        if (!ts.isPropertyAssignment(node) || !KEY.test(nameOf(node.name))) return;
        const minted = mintedIn(node.initializer, context);
        if (!minted) return;
        context.report({
          at: node,
          subject: step,
          message: `${step.label} sends a key that is another one with each attempt: ${minted.getText()}`,
          help: ['use step().key, which stays the same over retries and crashes'],
        });
      });
    }
  },
};

const KEY =
  /^(idempotency[-_]?key|x-idempotency-key|request[-_]?id|dedup(lication)?[-_]?(id|key)|client[-_]?token|message[-_]?deduplication[-_]?id)$/i;

function nameOf(name: ts.PropertyName): string {
  return ts.isStringLiteralLike(name) || ts.isIdentifier(name) ? name.text : '';
}

function mintedIn(node: ts.Expression, { resolver, classify }: Context): ts.Node | undefined {
  const value = valueOf(node) ?? node;
  return find(value, (one) => {
    if (ts.isPropertyAccessExpression(one) && one.name.text === 'attempt') return true;
    if (!ts.isCallExpression(one) && !ts.isNewExpression(one)) return false;
    return resolver.targets(one).some((target) => target.kind !== 'code' && classify(target, one) === 'random');
  });
}
