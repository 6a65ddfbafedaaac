import { isFunction } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';

export const noEffectInLoggedHandler: Rule = {
  id: 'no-effect-in-logged-handler',
  family: 'rollback',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A handler of logged messages has no effect of its own.',
  why: 'After a crash the messages since the last checkpoint are given to the handler again. What it sends by itself is sent again; what it hands to the commit is sent once.',
  wrong: `
@Checkpointed({ id: (a: Account) => a.no, version: 1 })
class Account {
  no = '1';
  @Logged()
  async onPaid(order: Order) {
    await fetch(url, { method: 'POST', body: order.id });
  }
}`,
  right: `
@Checkpointed({ id: (a: Account) => a.no, version: 1 })
class Account {
  no = '1';
  paid: string[] = [];
  @Logged()
  async onPaid(order: Order) {
    this.paid.push(order.id);
  }
}`,
  unless: 'Reading is reported too, unless it always answers the same: a replay must come to the same state.',
  check({ unit, reach, report }) {
    for (const { name, marked } of unit.classes) {
      for (const { node, marks } of marked) {
        const logged = marks.find((one) => one.name === 'Logged');
        if (!logged || !isFunction(node)) continue;
        const method = node.name.getText();
        const effect = reach.from(node)[0];
        const at = effect?.hops[0]?.call;
        if (!effect || !at) continue;
        const fault = effect.kind === 'write' ? 'has an effect' : 'gets another answer with each replay';
        report({
          at,
          message: `${name}.${method} handles logged messages and ${fault}: ${reach.chain(method, effect)}`,
          help: ['hand it to the commit as output: then it is sent once, after the state is kept'],
          through: effect.hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};
