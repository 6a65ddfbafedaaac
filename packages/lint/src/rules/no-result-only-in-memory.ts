import { ts } from '../port.js';
import { undoBodies } from '../analysis/compensation.js';
import { walk } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';
import { writesToThis } from './writes.js';

export const noResultOnlyInMemory: Rule = {
  id: 'no-result-only-in-memory',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'An undo does not read a field that its step has written.',
  why: 'After a crash another process undoes the step, on another object: the field is empty there. With two runs at once it holds the number of the other one. What the undo needs is in its argument: the arguments, the result, the keys and the notes of the step.',
  wrong: `
class Payments {
  private lastId = '';
  @Compensate((p: Payments) => p.refund)
  async charge(orderId: string, cents: number) {
    this.lastId = await bank.charge(orderId, cents, { idempotencyKey: step().key });
  }
  async refund(undo: Undo<Payments, 'charge'>) {
    await bank.refund(this.lastId, { idempotencyKey: undo.key });
  }
}`,
  right: `
class Payments {
  @Compensate((p: Payments) => p.refund, { total: true })
  async charge(orderId: string, cents: number) {
    return bank.charge(orderId, cents, { idempotencyKey: step().key });
  }
  async refund(undo: Undo<Payments, 'charge'>) {
    await bank.cancelByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}`,
  unless: 'Caches that are filled again when they are empty: give them an object of their own.',
  check({ unit, checker, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      if (step.isPlain) continue;
      const written = new Map(writesToThis(step.fn).map((one) => [one.field, one]));
      const said = new Set<string>();
      walk(fn.body, (node) => {
        if (!ts.isPropertyAccessExpression(node) || node.expression.kind !== ts.SyntaxKind.ThisKeyword) return;
        const field = node.name.text;
        if (!written.has(field) || said.has(field)) return;
        said.add(field);
        report({
          at: node,
          subject: step,
          message: `${name} reads this.${field}, which ${step.label} wrote in memory: after a crash it is gone`,
          help: [`return it from ${step.method} and take undo.result, or undo by undo.forwardKey`],
        });
      });
    }
  },
};
