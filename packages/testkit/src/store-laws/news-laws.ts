import { expect, vi } from 'vitest';
import { SOON_MS } from '@redress/core';
import type { Head, News, Store, Topic, Watch } from '@redress/core';
import { closed, create, creation, KIND, next, range } from './lab.js';
import type { Law } from './lab.js';

const NAME = 'orders';

interface Listener {
  readonly watch: Watch;
  /** What was heard since listening began: undefined where there were no news. */
  readonly heard: (News | undefined)[];
}

/** Listens, and answers when it hears. */
async function listen(store: Store, topic: Topic): Promise<Listener> {
  const heard: (News | undefined)[] = [];
  const watch = (store as Required<Store>).watch(topic, (news) => heard.push(news));
  expect(heard).toEqual([]);
  await vi.waitFor(() => expect([watch.live, heard.length]).toEqual([true, 1]), { timeout: 5_000, interval: 2 });
  heard.length = 0;
  return { watch, heard };
}

function hears(listener: Listener, news?: News): Promise<void> {
  return vi.waitFor(() => expect(listener.heard).toContainEqual(news), { timeout: 5_000, interval: 2 });
}

/** Long enough for news that must not come, at the latest with those of another stream that come after them. */
async function settle(store: Store, listener: Listener): Promise<void> {
  await create(store, 'last', { wake: { inMs: 0 } });
  await hears(listener, { name: NAME, inMs: 0 });
}

function give(store: Store, head: Head, more = {}): Promise<unknown> {
  return store.commit(next(head, [], { head: { owner: null, wake: null, ...more } }));
}

export function newsLaws(law: Law): void {
  law('who listens to a stream is told when it is left without an owner, by whatever connection', async ({ store, other }) => {
    const [a, b] = [await create(store, 'a', { owner: 'w' }), await create(store, 'b', { owner: 'w' })];
    const [first, second] = [await listen(store, { id: 'a' }), await listen(other, { id: 'a' })];
    const another = await listen(other, { id: 'b' });
    await give(store, a);
    await hears(first);
    await hears(second);
    expect(another.heard).toEqual([]);
    await give(other, b);
    await hears(another);
  });

  law('who listens to a kind is told the names of what is due now', async ({ store, other }) => {
    const listener = await listen(other, { kind: KIND });
    await create(store, 'a', { wake: { at: 1 } });
    await hears(listener, { name: NAME, inMs: 0 });
    const b = await create(store, 'b', { owner: 'w', wake: { inMs: 60_000 } });
    listener.heard.length = 0;
    await give(store, b, { wake: { inMs: 0 } });
    await hears(listener, { name: NAME, inMs: 0 });
    await store.commit({ ...creation('c', { wake: { inMs: 0 } }), create: { kind: KIND, name: 'ü {}/' } });
    await hears(listener, { name: 'ü {}/', inMs: 0 });
  });

  law('and in how long, of what is due soon', async ({ store, other }) => {
    const listener = await listen(other, { kind: KIND });
    await create(store, 'a', { wake: { inMs: SOON_MS - 1 } });
    await hears(listener, { name: NAME, inMs: SOON_MS - 1 });
  });

  law('and not of what is owned, due later, never due, or of another kind', async ({ store, other }) => {
    const listener = await listen(other, { kind: KIND });
    await create(store, 'owned', { owner: 'w', wake: { inMs: 0 } });
    await create(store, 'later', { wake: { inMs: SOON_MS + 60_000 } });
    await create(store, 'never', { wake: null });
    await store.commit({ ...creation('other', { wake: { inMs: 0 } }), create: { kind: `${KIND}er`, name: NAME } });
    await settle(store, listener);
    expect(listener.heard).toEqual([{ name: NAME, inMs: 0 }]);
  });

  law('a refused commit is no news', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'w' });
    const [kind, stream] = [await listen(other, { kind: KIND }), await listen(other, { id: 'a' })];
    await expect(give(store, { ...head, stamp: 'another' }, { wake: { inMs: 0 } })).rejects.toMatchObject({ code: 'STORE_CONFLICT' });
    await settle(store, kind);
    expect([kind.heard.length, stream.heard]).toEqual([1, []]);
  });

  law('who listens beside others is told that listening has begun, and goes on when the others stop', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'w' });
    const listeners = [];
    for (const _ of range(3)) listeners.push(await listen(other, { id: 'a' }));
    for (const { watch } of listeners.slice(1)) watch.stop();
    listeners[1]?.watch.stop();
    await give(store, head);
    await hears(listeners[0] as Listener);
    expect(listeners.slice(1).map(({ heard }) => heard)).toEqual([[], []]);
  });

  law('who has stopped can listen again', async ({ store, other }) => {
    const head = await create(store, 'a', { owner: 'w' });
    (await listen(other, { id: 'a' })).watch.stop();
    const again = await listen(other, { id: 'a' });
    await give(store, head);
    await hears(again);
  });

  law('a namespace is deaf to the news of another', async ({ store, under }) => {
    const elsewhere = await under.connect('elsewhere');
    const [here, there] = [await listen(store, { kind: KIND }), await listen(elsewhere, { kind: KIND })];
    await create(store, 'a', { wake: { inMs: 0 } });
    await hears(here, { name: NAME, inMs: 0 });
    await settle(elsewhere, there);
    expect(there.heard).toHaveLength(1);
  });

  law('a closed store tells nothing and is not listened to', async ({ store, other }) => {
    const listener = await listen(other, { kind: KIND });
    const still = await listen(store, { kind: KIND });
    await other.close();
    await settle(store, still);
    expect([listener.watch.live, listener.heard]).toEqual([false, []]);
    listener.watch.stop();
    await closed((async () => (other as Required<Store>).watch({ id: 'a' }, () => {}))());
  });
}

export function dueLaws(law: Law): void {
  const ask = (store: Store, names?: readonly string[]): Promise<number | null> =>
    (store as Required<Store>).dueIn({ kinds: [KIND], ...(names && { names }) });

  law('a store says in how long the first of what is asked for is due', async ({ store, other }) => {
    expect(await ask(store)).toBeNull();
    await create(store, 'never', { wake: null });
    expect(await ask(other)).toBeNull();
    const before = await store.now();
    for (const i of range(20)) await create(store, `s${i}`, { wake: { at: before + 600_000 + i } });
    const owned = await create(store, 'owned', { owner: 'w', wake: { at: before + 500_000 } });
    const inMs = (await ask(other)) ?? NaN;
    expect(inMs).toBeLessThanOrEqual(500_000);
    expect(inMs).toBeGreaterThanOrEqual(before + 500_000 - (await store.now()));
    expect(await ask(other, ['another'])).toBeNull();
    expect(await ask(other, ['another', NAME])).toBeLessThanOrEqual(500_000);
    await store.commit(next(owned, [], { head: { wake: { at: 1 } } }));
    expect(await ask(other)).toBeLessThanOrEqual(0);
    await other.close();
    await closed(ask(other));
  });
}
