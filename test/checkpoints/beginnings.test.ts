import { checkpointed, createEnvironment } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { VirtualClock } from '@redress/testkit';
import { describe, expect, it } from 'vitest';
import { live, PLACES } from './support.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a process takes an object over though the clock of its host has gone back by an hour', async () => {
  const shared = createMemoryDatabase();
  const at = (time: number) => memoryStore({ shared, clock: new VirtualClock(time) });
  const first = live(at(10_000_000));
  await first.run((one) => (one.balance = 5));
  await first.handle.save();
  const second = live(at(6_400_000));
  expect(await second.handle.start()).toMatchObject({ number: 1, incarnation: 2 });
  expect(second.account.balance).toBe(5);
  await first.run((one) => (one.balance = 6));
  await expect(first.handle.save()).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_SERVED' });
});

describe('afterRestore', () => {
  const open = (end: () => void = () => {}) => {
    const till = { cents: 10 };
    const up = (): Promise<number> => handle.run('up', () => (till.cents += 1));
    const afterRestore = async (): Promise<void> => {
      await up();
      expect(handle.read('shown', () => till.cents)).toBeGreaterThan(10);
      await handle.start();
      await handle.save();
      end();
    };
    const handle = checkpointed(till, { name: 'Till', id: 't', fields: ['cents'], store: memoryStore(), afterRestore });
    return { till, handle, up };
  };

  it('may call the object, which others wait for until it has ended', async () => {
    const { till, up } = open();
    expect(await Promise.all([up(), up()])).toEqual([12, 13]);
    expect(till.cents).toBe(13);
  });

  it('that throws is taken back, and called again with the next call', async () => {
    let fails = 1;
    const { till, up } = open(() => {
      if (fails-- > 0) throw new Error('not yet');
    });
    await expect(up()).rejects.toThrow('not yet');
    expect(till.cents).toBe(10);
    expect(await up()).toBe(12);
  });
});

it.each(['memory', 'sqlite'])('a savepoint beside a save leaves both of one moment each, on %s', async (place) => {
  const connect = await (PLACES[place] as (typeof PLACES)[string])();
  const most = 60_000;
  const first = live(connect(), { environment: createEnvironment() });
  await first.run((one) => {
    for (let i = 0; i <= most; i++) one.entries.set(`k${i}`, { cents: 1, text: 'some text that takes its time' });
  });
  const saved = first.handle.save();
  await turn();
  await turn();
  const savepoint = first.handle.savepoint('beside');
  await turn();
  await first.run((one) => {
    one.entries.set('k0', { cents: 0 });
    one.entries.set(`k${most}`, { cents: 2 });
  });
  await Promise.all([saved, savepoint]);
  for (const from of [undefined, { savepoint: 'beside' }]) {
    const second = live(connect());
    await second.handle.start(from && { from });
    const sum = (second.account.entries.get('k0')?.cents ?? 0) + (second.account.entries.get(`k${most}`)?.cents ?? 0);
    expect(sum).toBe(2);
  }
});
