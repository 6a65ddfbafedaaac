import { ts } from '../port.js';
import { declared, isStep } from '../analysis/model.js';
import { has } from '../analysis/syntax.js';
import type { Context, Rule } from '../rule.js';
import { catchesIn, narrows, onlyLogs, rethrows } from './catches.js';

export const noSwallowInStep: Rule = {
  id: 'no-swallow-in-step',
  family: 'step body',
  preset: 'recommended',
  level: 'warning',
  scope: 'file',
  summary: 'A step lets its errors out.',
  why: 'A step that returns is recorded as done. When it catches a lost answer and returns `null`, the saga goes on as if nothing had happened to the money, and the retries that would have helped are never made.',
  wrong: `
class Payments {
  @Timeout('5s')
  @Step({ irreversible: 'paid is paid' })
  async pay(orderId: string) {
    try {
      return await fetch(url, { method: 'POST', body: orderId, headers: { key: step().key } });
    } catch {
      return null;
    }
  }
}`,
  right: `
class Payments {
  @Timeout('5s')
  @Step({ irreversible: 'paid is paid', refusedOn: ['CardDeclined'] })
  async pay(orderId: string) {
    await fetch(url, { method: 'POST', body: orderId, headers: { key: step().key } });
  }
}`,
  unless: 'A catch that looks at the error, or does something else about it, is not reported; nor is a read-only step.',
  check(context) {
    for (const step of context.unit.operations.filter(isStep)) {
      if (declared(step) === 'read-only') continue;
      for (const one of catchesIn(step.fn)) {
        if (rethrows(one, context.resolver) || narrows(one) || !onlyLogs(one.body) || !hasEffect(one.guarded, context)) continue;
        context.report({
          at: one.node.getFirstToken() ?? one.node,
          subject: step,
          message: `${step.label} catches every error of its effect and returns: it would be recorded as done`,
          help: ['let it throw; errors that mean "no effect happened" go into refusedOn'],
        });
      }
    }
  },
};

function hasEffect(guarded: ts.Node, { resolver, classify, reach }: Context): boolean {
  return has(guarded, (node) => {
    if (!ts.isCallExpression(node)) return false;
    return resolver
      .targets(node)
      .some((one) => (one.kind === 'code' ? reach.from(one.fn).some(({ kind }) => kind === 'write') : classify(one, node) === 'write'));
  });
}
