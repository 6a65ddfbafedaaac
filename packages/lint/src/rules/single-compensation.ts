import type { Rule } from '../rule.js';

export const singleCompensation: Rule = {
  id: 'single-compensation',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'A step has one `@Compensate`; a second way goes into its `alternate`.',
  why: 'Two undos of one step have no order, and nobody could say what it means when one of them fails. Also a step that is undone changes something, so it cannot be `readOnly` or `irreversible` at the same time. The application does not start.',
  wrong: `
class Shipping {
  @Compensate((s: Shipping) => s.cancel)
  @Compensate((s: Shipping) => s.recall)
  async ship(orderId: string) {
    return carrier.ship(orderId, { idempotencyKey: step().key });
  }
  async cancel(undo: Undo<Shipping, 'ship'>) {
    await carrier.cancelByKey(undo.forwardKey);
  }
  async recall(undo: Undo<Shipping, 'ship'>) {
    await carrier.recallByKey(undo.forwardKey);
  }
}`,
  right: `
class Shipping {
  @Compensate((s: Shipping) => s.cancel, { total: true, maxRetries: 5, alternate: (s: Shipping) => s.recall })
  async ship(orderId: string) {
    return carrier.ship(orderId, { idempotencyKey: step().key });
  }
  async cancel(undo: Undo<Shipping, 'ship'>) {
    await carrier.cancelByKey(undo.forwardKey);
  }
  async recall(undo: Undo<Shipping, 'ship'>) {
    await carrier.recallByKey(undo.forwardKey);
  }
}`,
  unless: 'Never.',
  check({ unit, report }) {
    for (const step of unit.operations) {
      const marks = step.marks.filter(({ name }) => name === 'Compensate');
      const options = step.marks.find(({ name }) => name === 'Step')?.options;
      const second = marks[1];
      if (second) {
        report({
          at: second.node,
          subject: step,
          message: `${step.label} has ${marks.length} @Compensate`,
          help: ['keep one, and give it the other as { alternate: … }'],
        });
      }
      const no = options && ['readOnly', 'irreversible'].find((one) => options.get(one));
      if (no && marks[0] && !step.isPlain) {
        report({
          at: marks[0].node,
          subject: step,
          message: `${step.label} has @Compensate and says ${no}`,
          help: ['keep one of them: what changes nothing needs no undo'],
        });
      }
    }
  },
};
