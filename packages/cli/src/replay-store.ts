import { ConflictError } from '@redress/core';
import type { Change, Claim, Commit, Entry, Head, Loaded, NewEntry, Page, Renewal, Store } from '@redress/core';

/** What the code of today wanted to write first where the history ended. */
export type Next =
  | { readonly kind: 'entries'; readonly entries: readonly NewEntry[] }
  | { readonly kind: 'handedBack'; readonly why: string };

/** Entries of others than the run's body: with them it would not go forward. */
const OF_OTHERS: ReadonlySet<string> = new Set(['cancel.requested', 'run.held', 'run.released', 'run.retried', 'deadline.extended']);
/** From here on the run was not going forward any more. */
const TURNS: readonly string[] = ['saga.compensating', 'undo.frozen', 'saga.stuck', 'saga.completed', 'saga.compensated', 'saga.mixed'];

/**
 * A store that holds one history up to where it stopped going forward, and takes nothing more. A step is only called when its intent
 * is durable, so no step is ever called over this store.
 */
export class ReplayStore implements Store {
  readonly durability = 'replicated';
  /** Resolves with what was written first. */
  readonly next: Promise<Next>;
  #tell: (next: Next) => void = () => {};
  #head: Head;
  readonly #entries: readonly Entry[];
  #claimed = false;
  readonly #now: number;

  constructor({ head, entries }: Loaded) {
    this.#entries = forward(entries);
    this.#now = entries.at(-1)?.at ?? 0;
    this.#head = { ...head, status: 'running', owner: null, wakeAt: 0, claims: 0, meta: '', length: this.#entries.length };
    this.next = new Promise((resolve) => (this.#tell = resolve));
  }

  load(id: string, { from = 0, limit = Infinity }: { readonly from?: number; readonly limit?: number } = {}): Promise<Loaded | undefined> {
    if (id !== this.#head.id) return Promise.resolve(undefined);
    return Promise.resolve({ head: this.#head, entries: this.#entries.slice(from, from + limit) });
  }

  commit({ id, entries, head }: Change): Promise<Commit> {
    if (id !== this.#head.id) return Promise.reject(new ConflictError(id, 'missing'));
    if (entries.length > 0) this.#tell({ kind: 'entries', entries });
    const { blocked } = (typeof head?.meta === 'string' && head.meta !== '' ? JSON.parse(head.meta) : {}) as { readonly blocked?: string };
    if (blocked !== undefined) this.#tell({ kind: 'handedBack', why: blocked });
    return Promise.reject(new ConflictError(id, 'version'));
  }

  claim({ owner, names }: Claim): Promise<readonly Head[]> {
    if (this.#claimed || (names && !names.includes(this.#head.name))) return Promise.resolve([]);
    this.#claimed = true;
    this.#head = { ...this.#head, owner, version: this.#head.version + 1, stamp: 'replay', claims: 1, wakeAt: this.#now + 3_600_000 };
    return Promise.resolve([this.#head]);
  }

  renew(_owner: string, ids: readonly string[]): Promise<readonly Renewal[]> {
    return Promise.resolve(ids.map((id) => ({ id, owner: this.#head.owner, version: this.#head.version })));
  }

  scan(): Promise<Page> {
    return Promise.resolve({ heads: [] });
  }

  drop(): Promise<boolean> {
    return Promise.resolve(false);
  }

  now(): Promise<number> {
    return Promise.resolve(this.#now);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The part of a journal in which the body went forward, without steps whose outcome is not known: those would be called again. */
function forward(entries: readonly Entry[]): readonly Entry[] {
  const turn = entries.findIndex(({ type }) => TURNS.includes(type));
  const before = (turn < 0 ? entries : entries.slice(0, turn)).filter(({ type }) => !OF_OTHERS.has(type));
  const settled = new Set(before.filter(({ key }) => /^step:\d+\/outcome$/.test(key)).map(({ key }) => stepOf(key)));
  const open = before.filter(({ type, key }) => type === 'step.started' && !settled.has(stepOf(key))).map(({ key }) => stepOf(key));
  const first = Math.min(...open, Infinity);
  return before.filter(({ key }) => !(stepOf(key) >= first)).map((entry, index) => ({ ...entry, index }));
}

/** The number of the step that an entry is about; NaN when it is about none. */
export function stepOf(key: string): number {
  return Number(/^step:(\d+)/.exec(key)?.[1] ?? Number.NaN);
}
