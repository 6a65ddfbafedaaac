import { ts } from '../port.js';
import { declared, isStep } from '../analysis/model.js';
import type { Reached } from '../analysis/reach.js';
import type { Context, Rule } from '../rule.js';
import { forwardsKey } from './keys.js';

export const idempotencyKeyForwarded: Rule = {
  id: 'idempotency-key-forwarded',
  family: 'step body',
  preset: 'recommended',
  level: 'warning',
  scope: 'file',
  summary: 'A step that changes something over HTTP forwards `step().key`.',
  why: 'After a crash, and with each retry, a step is done again with the same key. The other side can only see that it is the same call if it is given the key: without it the card is charged twice.',
  wrong: `
class Payments {
  @Timeout('5s')
  @Step({ irreversible: 'charged is charged' })
  async charge(orderId: string) {
    await fetch(url, { method: 'POST', body: orderId });
  }
}`,
  right: `
class Payments {
  @Timeout('5s')
  @Step({ irreversible: 'charged is charged' })
  async charge(orderId: string) {
    await fetch(url, { method: 'POST', body: orderId, headers: { 'Idempotency-Key': step().key } });
  }
}`,
  unless: 'Where the call names by itself what it does once: `PUT /orders/17` and `DELETE` are not reported.',
  check(context) {
    for (const step of context.unit.operations.filter(isStep)) {
      if (declared(step) === 'read-only' || step.isPlain || forwardsKey(context, step)) continue;
      const effect = context.reach.from(step.fn).find((one) => one.kind === 'write' && isPost(one, context.resolver));
      if (!effect) continue;
      context.report({
        at: step.name,
        of: step.declaration,
        subject: step,
        message: `${step.label} has an effect and forwards no key: ${context.reach.chain(step.method, effect)}; a retry would do it again`,
        help: ["give step().key to the other side, such as headers: { 'Idempotency-Key': step().key }"],
        through: effect.hops.map(({ call }) => call.getSourceFile().fileName),
      });
    }
  },
};

/** Over HTTP, and none of the methods that may be repeated. */
function isPost({ call }: Reached, resolver: Context['resolver']): boolean {
  if (!ts.isCallExpression(call)) return false;
  const isHttp = resolver.targets(call).some((one) => {
    if (one.kind === 'global') return one.name === 'fetch';
    return one.kind === 'foreign' && HTTP.test(one.module) && !/^(put|delete|del)$/.test(one.member);
  });
  return isHttp && !call.arguments.some((one) => /method:\s*['"](put|delete)['"]/i.test(one.getText()));
}

const HTTP = /^(axios|got|ky|superagent|undici|node-fetch|stripe)$/;
