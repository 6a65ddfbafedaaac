import { declared, mark } from '../analysis/model.js';
import type { Operation } from '../analysis/model.js';
import { isFunction } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';
import { forwardsKey } from './keys.js';

export const redundantRequiresIdempotent: Rule = {
  id: 'redundant-requires-idempotent',
  family: 'pivot and policy',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: '`@Redundant` and `@Hedge` stand at methods that change nothing, or forward one key.',
  why: 'Both call the method several times at once on purpose. Without a key that all the calls share, the card is charged as often as the method is called.',
  wrong: `
class Payments {
  @Hedge({ delay: '200ms' })
  async charge(orderId: string) {
    await fetch(url, { method: 'POST', body: orderId });
  }
}`,
  right: `
class Payments {
  @Hedge({ delay: '200ms' })
  async rate(currency: string) {
    return fetch(url + currency);
  }
}`,
  unless: 'Replicas that only write to places of their own.',
  check(context) {
    for (const { marked } of context.unit.classes) {
      for (const { node, marks } of marked) {
        const several = marks.find(({ name }) => name === 'Redundant' || name === 'Hedge');
        if (!several || !isFunction(node)) continue;
        const type = context.unit.classes.find(({ node: one }) => one === node.parent)?.name ?? '';
        const label = `${type}.${node.name.getText()}`;
        const step = { label, method: node.name.getText(), className: type, fn: node, marks, kind: 'step' } as Operation;
        if ((mark(step, 'Step') && declared(step) === 'read-only') || forwardsKey(context, step)) continue;
        const effect = context.reach.from(node).find(({ kind }) => kind === 'write');
        if (!effect) continue;
        context.report({
          at: several.node,
          subject: step,
          message: `${label} has an effect, forwards no key and is called several times by @${several.name}: ${context.reach.chain(step.method, effect)}`,
          help: ['forward step().key, which all the calls share, or take the mark away'],
        });
      }
    }
  },
};
