import { deepStrictEqual } from 'node:assert';
import { rm } from 'node:fs/promises';
import Database from 'libsql';
import { systemClock, systemRandom } from '@redress/core';
import type { Change, Head, Random, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { sqliteStore } from '@redress/sqlite';
import { IDS } from './turns.js';
import type { CommitPlan, OperationPlan, TurnPlan } from './turns.js';

/** Chance that breaks down once, in the middle of a transaction: whatever was written by then must not be there. */
function fragile(): Random & { failAt: number | undefined } {
  const { next, word } = systemRandom();
  return {
    next,
    failAt: undefined,
    word() {
      if (this.failAt !== undefined && this.failAt-- === 0) throw new Error('out of words');
      return word();
    },
  };
}

/** One history, lived on a file by three connections and in memory by one. */
export class Twins {
  private at = 1_000;
  private readonly chance = [fragile(), fragile(), fragile()];
  private readonly clock = { ...systemClock, now: () => this.at };
  private readonly memory = memoryStore({ clock: this.clock, shared: createMemoryDatabase() });
  private readonly sqlite: readonly Store[];
  /** Heads and changes as they were answered and asked for: of the memory, and of the file. */
  private readonly seen = new Map<number, [Head, Head][]>();
  private readonly changes: [Change, Change][] = [];
  private readonly keys = new Map<number, number>();

  /** `file` is made, and removed at the end. */
  constructor(private readonly file: string) {
    this.sqlite = this.chance.map((random) => sqliteStore(file, { clock: this.clock, random }));
  }

  async live(turns: readonly TurnPlan[]): Promise<void> {
    for (const turn of turns) {
      await this.turn(turn);
      if (turn.is === 'write' || turn.is === 'claim') await this.compare(turn.by + 1);
    }
    await this.leftovers();
  }

  async close(): Promise<void> {
    for (const store of this.sqlite) await store.close();
    await rm(this.file);
  }

  private turn(turn: TurnPlan): Promise<unknown> | undefined {
    if (turn.is === 'time') return void (this.at += turn.ms);
    if (turn.is === 'write') return this.write(turn);
    const { is, by } = turn;
    if (is === 'claim') return this.claim(turn);
    const read = (store: Store): Promise<unknown> => {
      if (is === 'scan') return store.scan({ order: turn.order, ...(turn.tag ? { tag: { key: 't', value: '1' } } : {}) });
      return store.load(IDS[turn.id] as string, { from: turn.from, ...(turn.limit === undefined ? {} : { limit: turn.limit }) });
    };
    return this.same(
      () => read(this.memory),
      () => read(this.sqlite[by] as Store),
    );
  }

  private async write({ by, operations, failAt }: Extract<TurnPlan, { is: 'write' }>): Promise<void> {
    const store = this.sqlite[by] as Store;
    const asked = operations.map((operation) => this.asked(operation)).filter((one) => one !== undefined);
    (this.chance[by] as { failAt: number | undefined }).failAt = failAt;
    const answers = await Promise.allSettled(asked.map(({ sqlite }) => sqlite(store)));
    (this.chance[by] as { failAt: number | undefined }).failAt = undefined;
    for (const [i, { memory, id }] of asked.entries()) {
      const found = answers[i] as PromiseSettledResult<unknown>;
      // With others in its turn it was done a second time, alone.
      if (asked.length === 1 && this.isUnavailable(found)) continue;
      const [wanted] = await Promise.allSettled([memory(this.memory)]);
      this.equal(found, wanted);
      if (id !== undefined && wanted.status === 'fulfilled' && found.status === 'fulfilled') this.saw(id, wanted.value, found.value);
    }
  }

  private async claim({ by, owner, limit, failAt }: Extract<TurnPlan, { is: 'claim' }>): Promise<void> {
    const wanted = { owner, kinds: ['k'], leaseMs: 10, limit };
    (this.chance[by] as { failAt: number | undefined }).failAt = failAt;
    const [found] = await Promise.allSettled([(this.sqlite[by] as Store).claim(wanted)]);
    (this.chance[by] as { failAt: number | undefined }).failAt = undefined;
    if (this.isUnavailable(found)) return;
    const [expected] = await Promise.allSettled([this.memory.claim(wanted)]);
    this.equal(found, expected);
    if (expected.status !== 'fulfilled' || found.status !== 'fulfilled') return;
    for (const [i, head] of expected.value.entries()) this.saw(IDS.indexOf(head.id), { head }, { head: found.value[i] as Head });
  }

  /** What an operation asks of the memory and of the file, with what their writers have seen of each. */
  private asked(operation: OperationPlan) {
    if (operation.is === 'renew') {
      const renew = (store: Store) =>
        store.renew(
          operation.owner,
          operation.ids.map((id) => IDS[id] as string),
          operation.leaseMs,
        );
      return { memory: renew, sqlite: renew, id: undefined };
    }
    if (operation.is === 'drop') {
      const heads = this.seen.get(operation.id)?.at(-1 - operation.age);
      if (!heads) return undefined;
      const drop = (head: Head) => (store: Store) => store.drop(IDS[operation.id] as string, head);
      return { memory: drop(heads[0]), sqlite: drop(heads[1]), id: undefined };
    }
    const changes = operation.is === 'again' ? this.changes.at(-1 - operation.back) : this.change(operation);
    if (!changes) return undefined;
    this.changes.push(changes);
    const commit = (change: Change) => (store: Store) => store.commit(change);
    return { memory: commit(changes[0]), sqlite: commit(changes[1]), id: IDS.indexOf(changes[0].id) };
  }

  private change(plan: CommitPlan): [Change, Change] {
    const heads = plan.absent ? undefined : this.seen.get(plan.id)?.at(-1 - plan.age);
    const used = this.keys.get(plan.id) ?? 0;
    const place = (part: number): number => (part < 0 ? used - 1 : part < 1 ? Math.floor(part * used) : part);
    const old = [...new Set(plan.old.map(place))].filter((n) => n >= 0 && n < used);
    const fresh = Array.from({ length: Math.max(plan.fresh, heads || old.length > 0 ? 0 : 1) }, (_, i) => used + i);
    this.keys.set(plan.id, used + fresh.length);
    const entry = (n: number, data: string) => ({ key: `k${n}`, type: 't', data: n % 3 ? data : Buffer.from(data) });
    const again = old.map((n) => entry(n, plan.otherData ? 'other' : `d${n}`));
    const news = fresh.map((n) => entry(n, `d${n}`));
    const { trimTo, wake, status, owner, claims, meta, tags } = plan;
    const given = { status, owner, claims, meta, tags, wake: typeof wake === 'number' ? { inMs: wake } : wake };
    const patch = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const change = {
      id: IDS[plan.id] as string,
      entries: plan.oldFirst ? [...again, ...news] : [...news, ...again],
      ...(Object.keys(patch).length > 0 ? { head: patch } : {}),
      ...(trimTo === undefined ? {} : { trimTo }),
    };
    if (!heads) {
      const creation: Change = { ...change, expect: 'absent', create: { kind: 'k', name: 'n' } };
      return [creation, creation];
    }
    return [
      { ...change, expect: heads[0] },
      { ...change, expect: heads[1] },
    ];
  }

  private saw(id: number, wanted: unknown, found: unknown): void {
    const heads = this.seen.get(id) ?? [];
    this.seen.set(id, [...heads, [(wanted as { head: Head }).head, (found as { head: Head }).head]]);
  }

  private isUnavailable(found: PromiseSettledResult<unknown>): boolean {
    return found.status === 'rejected' && (found.reason as { code?: unknown }).code === 'STORE_UNAVAILABLE';
  }

  private async same(memory: () => Promise<unknown>, sqlite: () => Promise<unknown>): Promise<void> {
    const [wanted, found] = await Promise.allSettled([memory(), sqlite()]);
    this.equal(found, wanted);
  }

  /** All that there is, as another connection finds it. */
  private async compare(by: number): Promise<void> {
    const store = this.sqlite[by % this.sqlite.length] as Store;
    for (const id of IDS)
      await this.same(
        () => this.memory.load(id),
        () => store.load(id),
      );
  }

  private equal(found: unknown, wanted: unknown): void {
    deepStrictEqual(plain(found), plain(wanted));
  }

  /** What is dropped leaves no rows behind, and nothing is there twice. */
  private async leftovers(): Promise<void> {
    const { heads } = await this.memory.scan({});
    const file = new Database(this.file);
    const count = (table: string): number => (file.prepare(`SELECT count(*) AS n FROM ${table}`).get([]) as { n: number }).n;
    const rows = [count('head'), count('entry'), count('tag')];
    file.close();
    const sum = (of: (head: Head) => number): number => heads.reduce((all, head) => all + of(head), 0);
    deepStrictEqual(rows, [heads.length, sum(({ length }) => length), sum(({ tags }) => Object.keys(tags).length)]);
  }
}

/** Without stamps, which are chance, and with errors and bytes as values that can be compared. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  if (value instanceof Error) {
    const { message, code, details } = value as Error & { code?: unknown; details?: unknown };
    return { message, code, details };
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === 'stamp' ? '' : plain(one)]));
}
