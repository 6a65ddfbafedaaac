import { ts } from '../port.js';
import { undoBodies } from '../analysis/compensation.js';
import { has } from '../analysis/syntax.js';
import type { Function } from '../analysis/syntax.js';
import { sqlOf } from '../effects/classify.js';
import type { Rule } from '../rule.js';

export const compensationIdempotent: Rule = {
  id: 'compensation-idempotent',
  family: 'compensation',
  preset: 'strict',
  level: 'error',
  scope: 'file',
  summary: 'An undo that is called twice does the same as one that is called once.',
  why: 'An undo is repeated until it succeeds, also after a crash that came between its effect and its record. One that adds or appends without a key does it twice.',
  wrong: `
import { Pool } from 'pg';
class Accounts {
  constructor(private db: Pool) {}
  @Compensate((a: Accounts) => a.payBack)
  async debit(account: string, cents: number) {
    await this.db.query('insert into debits (key, account, cents) values ($1, $2, $3) on conflict do nothing', [step().key, account, cents]);
  }
  async payBack(undo: Undo<Accounts, 'debit'>) {
    await this.db.query('update accounts set balance = balance + $1 where id = $2', [undo.args[1], undo.args[0]]);
  }
}`,
  right: `
import { Pool } from 'pg';
class Accounts {
  constructor(private db: Pool) {}
  @Compensate((a: Accounts) => a.payBack)
  async debit(account: string, cents: number) {
    await this.db.query('insert into debits (key, account, cents) values ($1, $2, $3) on conflict do nothing', [step().key, account, cents]);
  }
  async payBack(undo: Undo<Accounts, 'debit'>) {
    await this.db.query('insert into reversals (key, of) values ($1, $2) on conflict do nothing', [undo.key, undo.forwardKey]);
  }
}`,
  unless: 'It is a guess: an undo may be guarded in a way that only its remote side knows.',
  check({ unit, checker, reach, report }) {
    for (const { fn, step, name } of undoBodies(unit, checker)) {
      if (usesKey(fn)) continue;
      const effect = reach.from(fn).find(({ kind, call }) => kind === 'write' && !isGuardedSql(call));
      const at = effect?.hops[0]?.call;
      if (!effect || !at) continue;
      report({
        at,
        subject: step,
        message: `${name || `the undo of ${step.label}`} has an effect and forwards no key: ${reach.chain(name || 'undo', effect)}`,
        help: ['give undo.key, or undo.forwardKey, to the other side, so that a repetition changes nothing'],
      });
    }
  },
};

function usesKey(fn: Function): boolean {
  return has(fn, (node) => ts.isIdentifier(node) && (node.text === 'key' || node.text === 'forwardKey'));
}

/** `delete …`, `… on conflict`, and an update that sets a value and does not add to one. */
function isGuardedSql(call: ts.Node): boolean {
  const text = ts.isCallExpression(call) ? sqlOf(call.arguments[0]) : undefined;
  if (text === undefined) return false;
  if (/^\s*delete\b/i.test(text) || /on\s+conflict|on\s+duplicate|insert\s+ignore/i.test(text)) return true;
  return /^\s*update\b/i.test(text) && !/set\s+(\w+)\s*=\s*\1\s*[-+]/i.test(text);
}
