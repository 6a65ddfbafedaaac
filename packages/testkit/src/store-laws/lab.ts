import { expect } from 'vitest';
import type { Change, Commit, Data, Entry, Head, HeadPatch, NewEntry, Store } from '@redress/core';
import type { StoreUnderTest } from './store-under-test.js';

/** What a law works with. */
export interface Lab {
  readonly store: Store;
  /** A second connection to the same database. */
  readonly other: Store;
  readonly under: StoreUnderTest;
}

/** Registers one law: a sentence that a user of the store may rely on. */
export type Law = (sentence: string, prove: (lab: Lab) => Promise<void>) => void;

export const KIND = 'law';

export function entry(key: string, data: Data = `data of ${key}`, type = 'note'): NewEntry {
  return { key, type, data };
}

export function creation(id: string, head: HeadPatch = {}, entries: readonly NewEntry[] = [entry('created')]): Change {
  return { id, expect: 'absent', create: { kind: KIND, name: 'orders' }, entries, head };
}

/** A change by a writer who has seen `seen`. */
export function next(seen: Head, entries: readonly NewEntry[], more: Partial<Change> = {}): Change {
  return { id: seen.id, expect: { version: seen.version, stamp: seen.stamp }, entries, ...more };
}

export async function create(store: Store, id: string, head: HeadPatch = {}): Promise<Head> {
  return (await store.commit(creation(id, head))).head;
}

export async function append(store: Store, seen: Head, key: string, head: HeadPatch = {}): Promise<Head> {
  return (await store.commit(next(seen, [entry(key)], { head }))).head;
}

export async function headOf(store: Store, id: string): Promise<Head> {
  const loaded = await store.load(id, { limit: 0 });
  if (!loaded) throw new Error(`The law expected a stream "${id}".`);
  return loaded.head;
}

export async function entriesOf(store: Store, id: string): Promise<readonly Entry[]> {
  return (await store.load(id))?.entries ?? [];
}

export async function keysOf(store: Store, id: string): Promise<string[]> {
  return (await entriesOf(store, id)).map(({ key }) => key);
}

/** The commit must be refused for this reason, by whatever copy of `ConflictError`. */
export async function refused(commit: Promise<unknown>, reason: string): Promise<void> {
  await expect(commit).rejects.toMatchObject({ code: 'STORE_CONFLICT', reason });
}

export async function badArgument(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
}

export async function closed(call: Promise<unknown>): Promise<void> {
  await expect(call).rejects.toMatchObject({ code: 'STORE_CLOSED' });
}

export interface Settled {
  readonly applied: readonly Commit[];
  readonly repeated: readonly Commit[];
  readonly refusals: readonly unknown[];
}

/** Sorts what became of several commits. */
export async function settle(commits: readonly Promise<Commit>[]): Promise<Settled> {
  const results = await Promise.allSettled(commits);
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const refusals = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  return { applied: done.filter((c) => c.applied), repeated: done.filter((c) => !c.applied), refusals };
}

/** Asks until `found` has something, for at most two seconds. */
export async function eventually<T>(ask: () => Promise<readonly T[]>): Promise<readonly T[]> {
  const end = performance.now() + 2_000;
  for (;;) {
    const found = await ask();
    if (found.length > 0 || performance.now() > end) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
