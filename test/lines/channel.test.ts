import {
  channelStream,
  createEnvironment,
  openChannel,
  readChannel,
  readRange,
  releaseChannel,
  retainChannel,
  StoreUnavailableError,
  trimChannel,
} from '@redress/core';
import type { ChannelItem, Message, Store } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STORES } from './stores.js';
import type { Place } from './stores.js';

const environment = createEnvironment();
const address = { group: 'bank', from: 'P1', to: 'P2' };
const message = (sequence: number, data: Message['data'] = `m${sequence}`, incarnation = 0): Message => ({
  id: { sender: 'P1', incarnation, sequence },
  data,
  notes: { interval: 1 },
});
const texts = (items: readonly ChannelItem[]): unknown[] => items.map((one) => (one.kind === 'message' ? one.message.data : one.name));
const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe.each(Object.entries(STORES))('a channel over %s', (_, open) => {
  let place: Place;
  let store: Store;
  beforeEach(async () => {
    place = await open();
    store = await place.connect();
  });
  afterEach(() => place.remove());

  const all = async (from = 0): Promise<unknown[]> => texts((await readChannel(store, address, from, 5_000)).items);

  it('gives in the order of sending, and goes on where one has stopped', async () => {
    const channel = await openChannel(environment, store, address);
    await Promise.all(numbers(30).map((n) => channel.send(message(n))));
    const first = await readChannel(store, address, 0, 11);
    const second = await readChannel(store, address, first.next);
    expect([...texts(first.items), ...texts(second.items)]).toEqual(numbers(30).map((n) => `m${n}`));
    expect((await readChannel(store, address, second.next)).items).toEqual([]);
  });

  it('is empty before anybody has opened it', async () => {
    expect(await readChannel(store, address, 0)).toEqual({ items: [], next: 0 });
  });

  it('keeps bytes, notes and ids', async () => {
    const channel = await openChannel(environment, store, address);
    const data = Uint8Array.from([0, 10, 255, 10]);
    await channel.send({ ...message(7, data, 3), notes: { interval: 4, index: 2 } });
    await channel.send(message(8, 'two\nlines', 3));
    const [one, two] = (await readChannel(store, address, 0)).items;
    expect(one).toMatchObject({
      kind: 'message',
      message: { id: { sender: 'P1', incarnation: 3, sequence: 7 }, notes: { interval: 4, index: 2 } },
    });
    expect(one?.kind === 'message' && Buffer.from(one.message.data as Uint8Array)).toEqual(Buffer.from(data));
    expect(two).toMatchObject({ message: { data: 'two\nlines' } });
  });

  it('takes a message once, however often it is sent, also in another life and beside new ones', async () => {
    const first = await openChannel(environment, store, address);
    await Promise.all([first.send(message(1)), first.send(message(2)), first.send(message(1))]);
    const second = await openChannel(environment, store, address);
    await Promise.all(numbers(4).map((n) => second.send(message(n))));
    expect(await all()).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('refuses another message under a used id, and goes on', async () => {
    const channel = await openChannel(environment, store, address);
    await channel.send(message(1));
    const [other, next] = await Promise.allSettled([channel.send(message(1, 'other')), channel.send(message(2))]);
    expect(other).toMatchObject({ status: 'rejected', reason: { code: 'CHANNEL_DIVERGED' } });
    expect(next.status).toBe('fulfilled');
    expect(await all()).toEqual(['m1', 'm2']);
  });

  it('refuses what an earlier life of the sender sends', async () => {
    const zombie = await openChannel(environment, store, address);
    await zombie.send(message(1));
    const heir = await openChannel(environment, await place.connect(), address);
    await expect(zombie.send(message(2))).rejects.toMatchObject({ code: 'CHANNEL_FENCED' });
    await expect(zombie.send(message(3))).rejects.toMatchObject({ code: 'CHANNEL_FENCED' });
    await expect(zombie.flush()).rejects.toMatchObject({ code: 'CHANNEL_FENCED' });
    await heir.send(message(2, 'heir', 1));
    expect(await all()).toEqual(['m1', 'heir']);
  });

  it('forgets what was handled, and says so to whoever asks for it', async () => {
    const channel = await openChannel(environment, store, address);
    for (const n of numbers(6)) await channel.send(message(n));
    await trimChannel(store, address, 4);
    await expect(readChannel(store, address, 3)).rejects.toMatchObject({ code: 'CHANNEL_TRIMMED' });
    expect(await all(4)).toEqual(['m4', 'm5', 'm6']);
    // Neither the trim nor a message that is forgotten disturbs the sender.
    await channel.send(message(2));
    await channel.send(message(7));
    expect(await all(4)).toEqual(['m4', 'm5', 'm6', 'm7']);
  });

  it('keeps a range as long as somebody retains it, and forgets it afterwards', async () => {
    const channel = await openChannel(environment, store, address);
    for (const n of numbers(6)) await channel.send(message(n));
    await retainChannel(store, address, 'snapshot-1', 2);
    await trimChannel(store, address, 5);
    expect(texts(await readRange(store, address, 2, 5))).toEqual(['m2', 'm3', 'm4']);
    await releaseChannel(store, address, 'snapshot-1');
    await expect(readChannel(store, address, 2)).rejects.toMatchObject({ code: 'CHANNEL_TRIMMED' });
    expect(await all(5)).toEqual(['m5', 'm6']);
  });

  it('puts a marker between the messages, and answers where it lies, again when it is repeated', async () => {
    const channel = await openChannel(environment, store, address);
    const [, at] = await Promise.all([channel.send(message(1)), channel.mark('s1', 'x'), channel.send(message(2))]);
    expect(at).toBe(2);
    expect(await all()).toEqual(['m1', 's1', 'm2']);
    expect(await channel.mark('s1', 'x')).toBe(2);
  });

  it('asked for what lies behind its end, says that the store has gone back', async () => {
    await openChannel(environment, store, address);
    await expect(readChannel(store, address, 9)).rejects.toMatchObject({ code: 'STORE_REGRESSION' });
  });

  it('loses and doubles nothing when answers are lost', async () => {
    let lost = 0;
    const flaky: Store = Object.assign(Object.create(store) as Store, {
      load: (...args: Parameters<Store['load']>) => store.load(...args),
      commit: async (change: Parameters<Store['commit']>[0]) => {
        const answer = await store.commit(change);
        if (change.id === channelStream(address) && change.entries.length > 0 && lost++ % 3 === 0) throw new StoreUnavailableError('lost');
        return answer;
      },
    });
    const channel = await openChannel(environment, store, address).then(() => openChannel(environment, flaky, address));
    for (const n of numbers(9)) await channel.send(message(n));
    expect(await all()).toEqual(numbers(9).map((n) => `m${n}`));
    expect(lost).toBeGreaterThan(9);
  });
});

it('writes what is sent meanwhile in one commit, one write at a time', async () => {
  const store = await (await (STORES['memory'] as () => Promise<Place>)()).connect();
  const channel = await openChannel(environment, store, address);
  let [commits, atOnce, most] = [0, 0, 0];
  const counted = channel as unknown as { store: Store };
  counted.store = Object.assign(Object.create(store) as Store, {
    commit: async (change: Parameters<Store['commit']>[0]) => {
      commits += 1;
      most = Math.max(most, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const answer = await store.commit(change);
      atOnce -= 1;
      return answer;
    },
  });
  const first = channel.send(message(1));
  await new Promise((resolve) => setTimeout(resolve, 0));
  await Promise.all([first, ...numbers(2_500).map((n) => channel.send(message(n + 1)))]);
  expect([commits, most]).toEqual([4, 1]);
});
