import { ts } from '../port.js';
import { undoArgument, undoBodies } from '../analysis/compensation.js';
import { walk } from '../analysis/syntax.js';
import type { Rule } from '../rule.js';

export const compensationOwnScope: Rule = {
  id: 'compensation-own-scope',
  family: 'compensation',
  preset: 'recommended',
  level: 'error',
  scope: 'file',
  summary: 'An undo uses its own signal, and nothing that belongs to the request.',
  why: 'An undo runs when the request is over, often in another process. The signal, the deadline or the user of the request that began the saga is aborted or gone by then: an undo that listens to it ends before it has begun.',
  wrong: `
class Stock {
  constructor(private request: Request) {}
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    await warehouse.releaseByKey(undo.forwardKey, { signal: this.request.signal });
  }
}`,
  right: `
class Stock {
  @Compensate((s: Stock) => s.release, { total: true })
  async reserve(sku: string) {
    return warehouse.reserve(sku, { idempotencyKey: step().key });
  }
  async release(undo: Undo<Stock, 'reserve'>) {
    await warehouse.releaseByKey(undo.forwardKey, { signal: undo.signal });
  }
}`,
  unless: 'Signals that the undo makes itself are not reported.',
  check({ unit, checker, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      const undo = undoArgument(fn).name;
      walk(fn.body, (node) => {
        if (!ts.isPropertyAccessExpression(node) || !isOfRequest(node)) return true;
        const text = node.getText().replace(/\s+/g, '');
        if (!text.startsWith('this.') && (undo === undefined || !text.startsWith(`${undo}.args`))) return true;
        report({
          at: node,
          subject: step,
          message: `${name || `the undo of ${step.label}`} uses ${text}, which belongs to the call that began: it is over when the undo runs`,
          help: ['use undo.signal, and what undo.args holds'],
        });
        return false;
      });
    }
  },
};

/** A signal, or something of a request; a method that is named so is called. */
function isOfRequest(node: ts.PropertyAccessExpression): boolean {
  const { name, parent } = node;
  if (isCalled(node)) return false;
  if (name.text === 'signal') return true;
  return /^(request|req)$/.test(name.text) && ts.isPropertyAccessExpression(parent) && !isCalled(parent);
}

const isCalled = (node: ts.PropertyAccessExpression): boolean => ts.isCallExpression(node.parent) && node.parent.expression === node;
