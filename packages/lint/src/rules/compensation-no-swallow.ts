import { undoBodies } from '../analysis/compensation.js';
import type { Rule } from '../rule.js';
import { catchesIn, narrows, onlyLogs, rethrows } from './catches.js';

export const compensationNoSwallow: Rule = {
  id: 'compensation-no-swallow',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'An undo does not swallow errors.',
  why: 'An undo that returns is recorded as done. One that catches every error returns also when nothing was undone: the run ends as compensated, is never repeated, and nobody is told. An undo that throws is repeated, and at last parked for a person.',
  wrong: `
class Stock {
  @Compensate((s: Stock) => s.release)
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    try {
      await warehouse.releaseByKey(undo.forwardKey);
    } catch (error) {
      console.error(error);
    }
  }
}`,
  right: `
class Stock {
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    try {
      await warehouse.releaseByKey(undo.forwardKey);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}`,
  unless: 'A catch that does the undo in another way, or looks at the error, is not reported.',
  check({ unit, checker, resolver, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      for (const one of catchesIn(fn)) {
        if (rethrows(one, resolver) || narrows(one) || !onlyLogs(one.body)) continue;
        report({
          at: one.node.getFirstToken() ?? one.node,
          subject: step,
          message: `${name || `the undo of ${step.label}`} catches every error and returns; a failed undo would be recorded as done`,
          help: ['throw it again, except for errors that say that there is nothing to undo'],
        });
      }
    }
  },
};
