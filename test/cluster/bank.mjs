import { currentScope, defineSaga, defineStep, RefusedError } from '@redress/core';
import Database from 'libsql';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** Accounts 1 to ACCOUNTS; 0 is money in transit. */
export const ACCOUNTS = 10;
export const FIRST_CENTS = 1_000_000;

/** The outside, in a file of its own: each posting once for its key, none for a key that was closed, and a diary of what was asked. */
export function openBank(file) {
  const sql = new Database(file);
  sql.pragma('busy_timeout = 10000');
  sql.pragma('journal_mode = WAL');
  sql.pragma('synchronous = OFF');
  sql.exec(`
    CREATE TABLE IF NOT EXISTS account (number INTEGER PRIMARY KEY, cents INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS posting (key TEXT PRIMARY KEY, run TEXT NOT NULL, op TEXT NOT NULL, source INTEGER NOT NULL, target INTEGER NOT NULL, cents INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS closed (key TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS asked (seq INTEGER PRIMARY KEY, run TEXT NOT NULL, op TEXT NOT NULL, what TEXT NOT NULL, key TEXT NOT NULL) STRICT;
  `);
  const open = sql.prepare('INSERT OR IGNORE INTO account VALUES (?, ?)');
  const move = sql.prepare('UPDATE account SET cents = cents + ? WHERE number = ?');
  const isClosed = sql.prepare('SELECT 1 FROM closed WHERE key = ?');
  const found = sql.prepare('SELECT * FROM posting WHERE key = ?');
  const add = sql.prepare('INSERT INTO posting VALUES (?, ?, ?, ?, ?, ?)');
  const remove = sql.prepare('DELETE FROM posting WHERE key = ?');
  const close = sql.prepare('INSERT OR IGNORE INTO closed VALUES (?)');
  const ask = sql.prepare('INSERT INTO asked (run, op, what, key) VALUES (?, ?, ?, ?)');
  const transaction = (work) => sql.transaction(work).immediate();
  transaction(() => {
    for (let number = 0; number <= ACCOUNTS; number += 1) open.run(number, number === 0 ? 0 : FIRST_CENTS);
  });
  return {
    /** False when the key was closed. */
    post: (key, run, op, source, target, cents) =>
      transaction(() => {
        ask.run(run, op, 'act', key);
        if (isClosed.get(key)) return false;
        if (found.get(key)) return true;
        add.run(key, run, op, source, target, cents);
        move.run(-cents, source);
        move.run(cents, target);
        return true;
      }),
    reverse: (key, forwardKey, run, op) =>
      transaction(() => {
        ask.run(run, op, 'undo', key);
        close.run(forwardKey);
        const posting = found.get(forwardKey);
        if (!posting) return;
        remove.run(forwardKey);
        move.run(posting.cents, posting.source);
        move.run(-posting.cents, posting.target);
      }),
    /** Whether it was posted; if it was not, it never will be. */
    settle: (key) =>
      transaction(() => {
        if (found.get(key)) return true;
        close.run(key);
        return false;
      }),
    accounts: () => sql.prepare('SELECT number, cents FROM account ORDER BY number').all(),
    postings: () => sql.prepare('SELECT key, run, op, source, target, cents FROM posting').all(),
    asked: () => sql.prepare('SELECT run, op, what, key FROM asked ORDER BY seq').all(),
    close: () => sql.close(),
  };
}

/**
 * A transfer: debit, a check that some do not stand, credit (the pivot), and a record of it. `ownKeys`: the keys at the bank come from
 * the transfer and not from the run, so that they outlive a run that the store has lost.
 */
export function transferSaga(bank, stepMs, ownKeys) {
  const keyOf = (id, op, key) => (ownKeys ? `${id}/${op}` : key);
  const post = async (op, { id, cents }, source, target) => {
    const { key } = currentScope().step;
    if (stepMs > 0) await pause(Math.random() * stepMs);
    if (!bank.post(keyOf(id, op, key), id, op, source, target, cents)) throw new RefusedError(`The key of ${op} is closed.`);
    // No two executions answer the same: an outcome that was lost and found anew is told from the first one.
    return randomUUID();
  };
  const debit = defineStep(
    'debit',
    {
      compensate: async (undo) => {
        const [{ id }] = undo.args;
        if (stepMs > 0) await pause(Math.random() * stepMs);
        bank.reverse(undo.key, keyOf(id, 'debit', undo.forwardKey), id, 'debit');
      },
      undo: { total: true, delay: 20 },
    },
    (transfer) => post('debit', transfer, transfer.from, 0),
  );
  const check = defineStep('check', { readOnly: true }, async ({ refused }) => {
    if (stepMs > 0) await pause(Math.random() * stepMs);
    if (refused) throw new RefusedError('no such account');
  });
  const probe = async ({ args: [{ id }], key }) =>
    bank.settle(keyOf(id, 'credit', key)) ? { outcome: 'done', result: randomUUID() } : { outcome: 'refused' };
  const credit = defineStep('credit', { pivot: true, irreversible: 'the receiver may have spent it', probe }, (transfer) =>
    post('credit', transfer, 0, transfer.to),
  );
  const record = defineStep('record', { irreversible: 'what is recorded stays' }, (transfer) => post('record', transfer, 0, 0));
  const saga = defineSaga('transfer', { id: ({ id }) => id }, async (run, transfer) => {
    await run.step(debit, transfer);
    await run.step(check, transfer);
    const proof = await run.step(credit, transfer);
    await run.step(record, transfer);
    return proof;
  });
  return { saga, steps: [debit, check, credit, record] };
}
