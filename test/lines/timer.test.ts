import { createEnvironment } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { open, until } from './account.js';
import { STORES } from './stores.js';
import type { Place } from './stores.js';

describe('checkpoints by the clock', () => {
  let place: Place;
  beforeEach(async () => {
    place = await (STORES['memory'] as () => Promise<Place>)();
  });
  afterEach(() => place.remove());

  it('come by themselves, one after the other, with the vector of what was received in the same commit', async () => {
    const members = ['A', 'B'];
    const [a, b] = await Promise.all([open(place, 'A', 9, members), open(place, 'B', 0, members, { every: 20, keep: 'all' })]);
    await a.pay('B', 4);
    await until(() => b.account.balance === 4);
    const store = await place.connect();
    const recordIn = async () => {
      const loaded = await store.load('recoverable/bank/B');
      const record = JSON.parse(String(loaded?.head.meta)) as { checkpoints: { entry: number; received: object; positions: object }[] };
      return record.checkpoints.map(({ entry, received, positions }) => ({ state: loaded?.entries[entry]?.data, received, positions }));
    };
    await until(async () => (await recordIn()).length > 3, 'the checkpoints');
    const withMessage = (await recordIn()).filter(({ received }) => 'A' in received);
    expect(withMessage).toMatchObject([{ state: '4', received: { A: { interval: 1 } }, positions: { A: 2 } }]);
    const states = (await recordIn()).map(({ state }) => state);
    expect(states.indexOf('4')).toBe(states.lastIndexOf('0') + 1);
    await Promise.all([a.process.stop(), b.process.stop()]);
  });

  it('never hold half of what is being done', async () => {
    const { account, process } = await open(place, 'A', 0, ['A'], { every: 5 });
    await until(() => process.checkpoints.length > 0 && (process.checkpoints.at(-1) as number) > 0);
    const before = { number: 0 };
    await process.run(async () => {
      account.balance = 1;
      before.number = process.checkpoints.at(-1) as number;
      await new Promise((resolve) => setTimeout(resolve, 60));
      account.balance = 2;
      expect(process.checkpoints.at(-1)).toBe(before.number);
    });
    await until(() => (process.checkpoints.at(-1) as number) > before.number, 'the next one');
    const { entries = [] } = (await (await place.connect()).load('recoverable/bank/A')) ?? {};
    expect(entries.filter(({ type, data }) => type === 'checkpoint.taken' && data === '1')).toEqual([]);
    await process.stop();
  });

  it('IN9: without forced ones it warns, once, as soon as one is useless, and measures the domino after each', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const environment = createEnvironment();
    const measured: unknown[] = [];
    environment.events.on('domino.measured', ({ details }) => measured.push(details));
    const members = ['A', 'B'];
    const [a, b] = await Promise.all([open(place, 'A', 100, members, { environment }), open(place, 'B', 100, members)]);
    // B sends, A has received it and takes a checkpoint and sends, and so on.
    for (let n = 1; n <= 4; n++) {
      const [from, to] = n % 2 === 0 ? [a, b] : [b, a];
      const before = to.account.balance;
      await from.pay(to.account.id, 1);
      await until(() => to.account.balance === before + 1);
      await to.process.checkpoint();
    }
    await until(() => warned.mock.calls.length > 0, 'the warning');
    const ours = warned.mock.calls.filter(([, options]) => (options as { code?: string } | undefined)?.code === 'REDRESS_DOMINO');
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.length).toBeLessThanOrEqual(2);
    await until(() => measured.length > 0);
    expect(measured.at(-1)).toMatchObject({ group: 'bank', process: 'A', useless: expect.any(Number) });
    expect((await a.process.domino()).backToStart).toBeGreaterThan(0);
    await Promise.all([a.process.stop(), b.process.stop()]);
    warned.mockRestore();
  });
});
