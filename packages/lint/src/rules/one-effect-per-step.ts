import { isStep } from '../analysis/model.js';
import type { Rule } from '../rule.js';
import { calleeText } from '../analysis/reach.js';

export const oneEffectPerStep: Rule = {
  id: 'one-effect-per-step',
  family: 'step body',
  preset: 'strict',
  level: 'warning',
  scope: 'file',
  summary: 'A step does one thing to the world.',
  why: 'When a step with two effects fails, nobody knows whether none, one or both happened, and its undo must find out. Two steps are recorded one by one.',
  wrong: `
class Orders {
  @Timeout('5s')
  @Step({ irreversible: 'told is told' })
  async both(order: Order) {
    await fetch(url, { method: 'POST', body: order.id, headers: { key: step().key } });
    await fetch(other, { method: 'POST', body: order.id, headers: { key: step().key } });
  }
}`,
  right: `
class Orders {
  @Timeout('5s')
  @Step({ irreversible: 'told is told' })
  async one(order: Order) {
    await fetch(url, { method: 'POST', body: order.id, headers: { key: step().key } });
  }
}`,
  unless: 'Effects in one transaction are one; so are effects with keys of their own whose undo takes both back.',
  check({ unit, reach, report }) {
    for (const step of unit.operations.filter(isStep)) {
      const effects = reach.from(step.fn).filter(({ kind }) => kind === 'write');
      const [, second] = effects;
      if (!second) continue;
      report({
        at: second.hops[0]?.call ?? step.name,
        subject: step,
        message: `${step.label} has ${effects.length} effects: ${effects.map(({ call }) => calleeText(call)).join(', ')}`,
        help: ['make a step of each'],
      });
    }
  },
};
