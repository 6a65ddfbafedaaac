import { createHash } from 'node:crypto';
import type { Entry, Store } from '@redress/core';
import { History } from '../crash/journal.js';
import { ACCOUNTS, FIRST_CENTS, openBank } from './bank.mjs';
import type { Crew, Transfer } from './crew.js';

interface Posting {
  readonly key: string;
  readonly run: string;
  readonly op: string;
}

interface Asked extends Posting {
  readonly what: string;
}

/** What a journal lacks of what its store had acknowledged: streams, and the keys of their entries. */
export type Lost = ReadonlyMap<string, readonly string[]>;

/** Compares what a store has with what it has acknowledged. */
export async function lostIn(store: Store, crew: Crew): Promise<Lost> {
  const acknowledged = new Map<string, Map<string, string>>();
  for (const [stream, key, digest] of crew.acknowledged()) {
    acknowledged.set(stream, (acknowledged.get(stream) ?? new Map<string, string>()).set(key, digest));
  }
  const lost = new Map<string, readonly string[]>();
  for (const [stream, keys] of acknowledged) {
    const entries = (await store.load(stream))?.entries ?? [];
    const there = new Map(entries.map(({ key, data }) => [key, createHash('sha1').update(data).digest('hex')]));
    const missing = [...keys].filter(([key, digest]) => there.get(key) !== digest).map(([key]) => key);
    if (missing.length > 0) lost.set(stream, missing);
  }
  return lost;
}

/**
 * Runs that lost something while their owner lived, and whose owner said nothing of it: neither that the store is behind, nor that it
 * has left the run. `ended`: those of which nobody had anything to write any more.
 */
export function unnoticed(lost: Lost, crew: Crew, ended: ReadonlySet<string>): readonly string[] {
  const told = new Set(['store.regressed', 'run.left'].flatMap((name) => crew.events.get(name) ?? []));
  const ids = [...lost.keys()].map((stream) => stream.slice('transfer/'.length));
  return ids.filter((id) => !ended.has(id) && !told.has(id));
}

export interface Expected {
  readonly transfers: readonly Transfer[];
  /** Runs of which the server has lost something that it had acknowledged: nobody can say of them what was intended. */
  readonly lost?: Lost;
  /** Their keys at the bank come from the transfers. */
  readonly ownKeys: boolean;
}

/** What is wrong, one sentence each, after every transfer has ended. */
export async function audit(store: Store, crew: Crew, place: string, { transfers, lost, ownKeys }: Expected): Promise<readonly string[]> {
  const bank = openBank(`${place}.bank.db`);
  const postings = groupByRun(bank.postings() as Posting[]);
  const asked = groupByRun(bank.asked() as Asked[]);
  const problems = moneyProblems(bank.accounts() as Account[]);
  bank.close();
  if (!lost)
    problems.push(...[...(await lostIn(store, crew))].map(([stream, keys]) => `${stream}: ${keys.join()} was acknowledged, and is lost`));
  const byStatus = new Map<string, string>();
  for (const status of ['completed', 'compensated', 'running', 'compensating', 'stuck']) {
    for await (const id of idsOf(store, status)) byStatus.set(id, status);
  }
  for (const transfer of transfers) {
    const stream = `transfer/${transfer.id}`;
    const loaded = await store.load(stream);
    const left = postings.get(transfer.id) ?? [];
    const say = (problem: string): void => void problems.push(`${transfer.id}: ${problem}`);
    if (!loaded) {
      // The whole of it was lost after its end was told: then it has its effect, or none.
      if (!lost?.has(stream)) say('it is not in the journal');
      else effectProblems(left, undefined).forEach(say);
      continue;
    }
    if (loaded.head.length !== loaded.entries.length)
      say(`its head says ${loaded.head.length} entries, and there are ${loaded.entries.length}`);
    if (byStatus.get(stream) !== loaded.head.status) say(`it is ${loaded.head.status}, and found as ${byStatus.get(stream)}`);
    journalProblems(transfer, loaded.head.status, loaded.entries, asked.get(transfer.id) ?? [], ownKeys).forEach(say);
    effectProblems(left, loaded.head.status).forEach(say);
  }
  return problems;
}

interface Account {
  readonly number: number;
  readonly cents: number;
}

function moneyProblems(accounts: readonly Account[]): string[] {
  const transit = accounts.find(({ number }) => number === 0)?.cents ?? 0;
  const total = accounts.reduce((sum, { cents }) => sum + cents, 0);
  return [
    ...(total === ACCOUNTS * FIRST_CENTS ? [] : [`there are ${total} cents instead of ${ACCOUNTS * FIRST_CENTS}`]),
    ...(transit === 0 ? [] : [`${transit} cents are still in transit`]),
  ];
}

/** Each effect once and all of them, or none at all. */
function effectProblems(left: readonly Posting[], status: string | undefined): string[] {
  const effects = left
    .map(({ op }) => op)
    .toSorted()
    .join();
  const all = 'credit,debit,record';
  const wanted = status === 'completed' ? [all] : status === undefined ? [all, ''] : [''];
  return wanted.includes(effects) ? [] : [`it is ${status ?? 'lost'}, and leaves ${effects || 'nothing'}`];
}

function journalProblems(
  { refused }: Transfer,
  status: string,
  entries: readonly Entry[],
  asked: readonly Asked[],
  ownKeys: boolean,
): string[] {
  const history = History.read(entries);
  const keysOf = new Map<string, Set<string>>();
  for (const { op, what, key } of asked) keysOf.set(`${what} ${op}`, (keysOf.get(`${what} ${op}`) ?? new Set()).add(key));
  const changed = [...keysOf].filter(([, keys]) => keys.size > 1).map(([name]) => name);
  // What a process did that did not own the run any more was never written as intended.
  const unintended = asked.filter(({ what, key }) => what === 'act' && !history.keys.has(key));
  const isEnd = status === 'compensated' || (status === 'completed' && !refused);
  return [
    ...(isEnd ? [] : [`it is ${status}`]),
    ...(history.undone.join() === history.toUndo.join() ? [] : [`undone ${history.undone.join()} instead of ${history.toUndo.join()}`]),
    ...(ownKeys || changed.length === 0 ? [] : [`the key of ${changed.join()} changed`]),
    ...(ownKeys || unintended.length === 0 ? [] : [`${unintended.map(({ key }) => key).join()} was called without an intent`]),
  ];
}

async function* idsOf(store: Store, status: string): AsyncGenerator<string> {
  for (let after: string | undefined; ;) {
    const page = await store.scan({ kind: 'saga', status: [status], limit: 500, ...(after === undefined ? {} : { after }) });
    for (const { id } of page.heads) yield id;
    after = page.next;
    if (after === undefined) return;
  }
}

function groupByRun<Row extends { readonly run: string }>(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.run, [...(groups.get(row.run) ?? []), row]);
  return groups;
}
