import { readSnapshot, trimChannel } from '@redress/core';
import { seededRandom } from '@redress/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { open, until } from './account.js';
import type { Opened } from './account.js';
import { STORES } from './stores.js';
import type { Place } from './stores.js';

const MEMBERS = ['P1', 'P2', 'P3', 'P4'];
const EACH = 100;

describe.each(Object.entries(STORES))('snapshots of a group over %s', (_, openPlace) => {
  let place: Place;
  const lives = new Map<string, Opened>();
  const of = (id: string): Opened => lives.get(id) as Opened;
  const total = (): number => [...lives.values()].reduce((sum, { account }) => sum + account.balance, 0);
  const begin = async (id: string, members = MEMBERS): Promise<void> =>
    void lives.set(id, await open(place, id, EACH, members, { forced: 'bcs' }));
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(async () => {
    await Promise.all([...lives.values()].map(({ process }) => process.stop()));
    lives.clear();
    await place.remove();
  });

  const totalOf = async (name: string): Promise<number> => {
    const { states, channels } = await readSnapshot(await place.connect(), 'bank', name);
    const onTheWay = channels.flatMap(({ messages }) => messages).reduce((sum, { data }) => sum + Number(data), 0);
    return states.reduce((sum, { state }) => sum + Number(state), 0) + onTheWay;
  };

  it('CL1: while money moves, balances and channels together are the total', async () => {
    await Promise.all(MEMBERS.map((id) => begin(id)));
    const random = seededRandom(5);
    const below = (limit: number): number => Math.floor(random.next() * limit);
    let isOver = false;
    const traffic = MEMBERS.map(async (id, i) => {
      while (!isOver) {
        await of(id).pay(MEMBERS[(i + 1 + below(3)) % 4] as string, 1 + below(9));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    });
    for (let n = 0; n < 5; n++) expect(await totalOf(await of(MEMBERS[below(4)] as string).process.snapshot())).toBe(400);
    isOver = true;
    await Promise.all(traffic);
    await until(() => total() === 400, 'the total');
  });

  it('CL5: with 1,000 messages on their way, restoring delivers exactly those, in order, none twice', async () => {
    // P2 reads nothing until it is restored, except the markers that lie behind.
    await Promise.all(['P1', 'P2'].map((id) => begin(id, ['P1', 'P2'])));
    const numbers = Array.from({ length: 1_000 }, (_unused, i) => i + 1);
    let name = '';
    // All in one turn of P2, which therefore cannot deliver before it has recorded its state.
    const snapshot = of('P2').process.run(async () => {
      await of('P1').process.run((send) => numbers.forEach((n) => send('P2', String(n))));
    });
    const taken = of('P2').process.snapshot({ name: 'full' });
    await snapshot;
    name = await taken;
    const { channels } = await readSnapshot(await place.connect(), 'bank', name);
    const inChannel = channels.find(({ from }) => from === 'P1')?.messages.map(({ data }) => Number(data));
    expect(inChannel).toEqual(numbers);
    await of('P1').pay('P2', 5_000);
    await until(() => of('P2').account.seen.length === 1_001, 'the delivery');
    of('P2').account.seen.length = 0;
    await of('P1').process.restoreSnapshot(name);
    await until(() => of('P2').account.seen.length === 1_000, 'the redelivery');
    await of('P1').pay('P2', 7);
    await until(() => of('P2').account.seen.length === 1_001, 'what came later');
    expect(of('P2').account.seen).toEqual([...numbers, 7].map((n) => `P1:${n}`));
  });

  it('CL6: what a snapshot retains is not trimmed, and checkpoints of it are kept, until it is released', async () => {
    await Promise.all(['P1', 'P2'].map((id) => begin(id, ['P1', 'P2'])));
    await of('P1').pay('P2', 1);
    await until(() => of('P2').account.balance === 101);
    const name = await of('P1').process.snapshot();
    const store = await place.connect();
    const before = await readSnapshot(store, 'bank', name);
    for (let n = 0; n < 5; n++) {
      await of('P1').pay('P2', 1);
      await until(() => of('P2').account.balance === 102 + n);
      await of('P1').process.checkpoint();
      await of('P2').process.checkpoint();
    }
    await trimChannel(store, { group: 'bank', from: 'P1', to: 'P2' }, 5);
    expect(await readSnapshot(store, 'bank', name)).toEqual(before);
    const [first] = (await store.load('channel/bank/P1/P2'))?.entries ?? [];
    expect(first?.index).toBeLessThan(5);
    await of('P1').process.releaseSnapshot(name);
    await of('P2').process.checkpoint();
    await until(async () => ((await store.load('channel/bank/P1/P2'))?.entries[0]?.index ?? 9) >= 5, 'the trim');
    await expect(readSnapshot(store, 'bank', name)).rejects.toMatchObject({ code: 'SNAPSHOT_MISSING' });
  });

  it('CL8: silent channels, and a group of one, are no obstacle', async () => {
    await Promise.all(MEMBERS.map((id) => begin(id)));
    expect(await totalOf(await of('P3').process.snapshot())).toBe(400);
    const alone = await open(place, 'A', 7, ['A'], { group: 'alone' });
    const name = await alone.process.snapshot();
    expect((await readSnapshot(await place.connect(), 'alone', name)).states).toMatchObject([{ process: 'A', state: '7' }]);
    await alone.process.stop();
  });

  it('is given up when a recovery comes between, or a member does not answer in time', async () => {
    await Promise.all(MEMBERS.map((id) => begin(id)));
    let go: (() => void) | undefined;
    const held = of('P2').process.run(() => new Promise<void>((resolve) => (go = resolve)));
    const aborted = { code: 'SNAPSHOT_ABORTED' };
    await expect(of('P1').process.snapshot({ within: 50 })).rejects.toMatchObject(aborted);
    const between = of('P1').process.snapshot({ within: '20s' });
    const refused = between.catch((error: unknown) => error);
    of('P4').crash();
    const again = begin('P4');
    go?.();
    await Promise.all([held, again]);
    expect(await refused).toMatchObject(aborted);
    expect(await totalOf(await of('P1').process.snapshot())).toBe(400);
  });

  it('leaves nothing retained when it was given up', async () => {
    await Promise.all(MEMBERS.map((id) => begin(id)));
    let go: (() => void) | undefined;
    const held = of('P2').process.run(() => new Promise<void>((resolve) => (go = resolve)));
    await expect(of('P1').process.snapshot({ within: 30 })).rejects.toMatchObject({ code: 'SNAPSHOT_ABORTED' });
    go?.();
    await held;
    of('P4').crash();
    await begin('P4');
    const store = await place.connect();
    await until(async () => {
      await Promise.all(MEMBERS.map((id) => of(id).process.checkpoint()));
      const { heads } = await store.scan({ kind: 'channel', limit: 100 });
      return heads.every(({ meta }) => meta.length === 0 || String(meta).includes('"retained":{}'));
    }, 'the release');
    const { heads } = await store.scan({ kind: 'recoverable' });
    expect(heads.map(({ meta }) => (JSON.parse(String(meta)) as { pinned: object }).pinned)).toEqual([{}, {}, {}, {}]);
  });
});
