import { undoBodies } from '../analysis/compensation.js';
import type { Rule } from '../rule.js';

export const compensationNoNewSteps: Rule = {
  id: 'compensation-no-new-steps',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'An undo calls no step and starts no saga.',
  why: 'A run that goes back never goes forward again. A step that an undo calls is not recorded and has no undo of its own: if it fails half-way, nobody undoes the undo.',
  wrong: `
class Stock {
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    await this.giveBack(undo.args[0]);
  }
  @Step({ irreversible: 'the shelf is full again' })
  async giveBack(sku: string) {
    await warehouse.giveBack(sku, { idempotencyKey: step().key });
  }
}`,
  right: `
class Stock {
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    await warehouse.releaseByKey(undo.forwardKey, { idempotencyKey: undo.key });
  }
}`,
  unless: 'Read-only steps may be called: they are plain methods there.',
  check({ unit, checker, reach, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      const said = new Set<string>();
      for (const { operation, hops } of reach.operations(fn)) {
        const [first] = hops;
        if (!first || said.has(operation.label) || operation.marks.some(({ options }) => options.get('readOnly'))) continue;
        said.add(operation.label);
        report({
          at: first.call,
          subject: step,
          message: `${name || `the undo of ${step.label}`} calls the ${operation.kind} ${operation.label}`,
          help: ['call what is behind it, with undo.key'],
          through: hops.map(({ call }) => call.getSourceFile().fileName),
        });
      }
    }
  },
};
