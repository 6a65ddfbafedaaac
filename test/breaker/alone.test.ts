import { ConflictError, StoreUnavailableError } from '@redress/core';
import type { Clock, Store } from '@redress/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { at, Cluster, DELAY_MS, INTERVAL_MS, NAMES } from './cluster.js';

describe('a shared circuit breaker, without its store', () => {
  let cluster: Cluster;
  beforeEach(() => (cluster = new Cluster()));

  const broken = {
    refuses: () => Promise.reject(new StoreUnavailableError('away')),
    hangs: () => new Promise<never>(() => {}),
    throws: () => {
      throw new Error('at once');
    },
  } as const;

  it.each(Object.keys(broken) as (keyof typeof broken)[])('SB-05 that %s, decides alone, and no call waits for it', async (how) => {
    let isDown = true;
    const inner = cluster.connect();
    const store = Object.create(inner) as Store;
    store.load = (...args) => (isDown ? broken[how]() : inner.load(...args));
    store.commit = (change) => (isDown ? broken[how]() : inner.commit(change));
    const node = cluster.open('a', { store });
    cluster.dependency.downFor.add('a');
    // Nothing moves the clock here: a call that waited for the store would not end.
    expect(await node.calls(3)).toEqual(['down', 'down', 'CIRCUIT_OPEN']);
    await cluster.traffic([node], DELAY_MS - 1000);
    expect(node.events.filter(({ name }) => name === 'circuit.alone')).toHaveLength(1);
    cluster.dependency.downFor.clear();
    expect(await cluster.traffic([node], 1500)).toEqual(['up']);
    expect(node.breaker.state()).toBe('closed');
    isDown = false;
    await cluster.traffic([node], 60_000);
    expect(node.events.filter(({ name }) => name === 'circuit.together')).toHaveLength(1);
    await node.breaker[Symbol.asyncDispose]();
  });

  it('asks a store that is away less and less often, and one question at a time', async () => {
    let asked = 0;
    const store = Object.create(cluster.connect()) as Store;
    store.load = () => ((asked += 1), broken.hangs());
    await cluster.traffic([cluster.open('a', { store })], 600_000);
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(40);
  });

  it('is shared again when the store is back', async () => {
    const nodes = cluster.five();
    await cluster.traffic(nodes, 3000);
    for (const name of NAMES) cluster.dead.add(name);
    await cluster.traffic(nodes, 8000);
    cluster.dead.clear();
    await cluster.traffic(nodes, 120_000);
    await cluster.fail(at(nodes, 0, 1, 2));
    expect(await cluster.traffic(nodes, 2000)).toEqual(NAMES.map(() => 'CIRCUIT_OPEN'));
  });

  it('survives answers that are lost: what was written is seen at the next look', async () => {
    const lossy = (store: Store, every: number): Store => {
      let commits = 0;
      const one = Object.create(store) as Store;
      one.load = (...args) => store.load(...args);
      one.commit = async (change) => {
        const answer = await store.commit(change);
        if ((commits += 1) % every === 0) throw new StoreUnavailableError('the answer was lost');
        return answer;
      };
      return one;
    };
    const nodes = NAMES.map((name, i) => cluster.open(name, { store: lossy(cluster.connect(), 2 + i) }));
    await cluster.traffic(nodes, 5000);
    await cluster.fail(nodes);
    await cluster.traffic(nodes, 20_000);
    expect(await cluster.traffic(nodes, 1000)).toEqual(NAMES.map(() => 'up'));
  });

  it('leaves a board that others change all the time to the next exchange', async () => {
    const store = cluster.connect();
    const busy = Object.create(store) as Store;
    busy.load = (...args) => store.load(...args);
    busy.commit = () => Promise.reject(new ConflictError('breaker/bank', 'version'));
    const node = cluster.open('a', { store: busy });
    await cluster.fail([node]);
    await cluster.traffic([node], 3000);
    // It is no reason to be alone.
    expect(node.events.map(({ name }) => name)).toEqual(['circuit.opened']);
  });

  it('takes what is not its own writing for no board', async () => {
    const store = cluster.connect();
    const entries = [{ key: 'made', type: 'x', data: '' }];
    await store.commit({
      id: 'breaker/bank',
      expect: 'absent',
      create: { kind: 'breaker', name: 'bank' },
      entries,
      head: { meta: '{"no":1}' },
    });
    const node = cluster.open('a');
    await cluster.fail([node]);
    expect(await cluster.traffic([node], DELAY_MS + 1000)).toEqual(['up']);
    expect(node.events.map(({ name }) => name)).toContain('circuit.alone');
    expect((await store.load('breaker/bank'))?.head.meta).toBe('{"no":1}');
  });

  it('SB-06 has its time from no wall clock: hours that nodes are wrong by change nothing', async () => {
    const skewed = (ms: () => number): Clock => ({
      now: () => cluster.clock.now() + ms(),
      monotonic: () => cluster.clock.monotonic(),
      setTimer: (wait, fn) => cluster.clock.setTimer(wait, fn),
      nextTurn: (fn) => cluster.clock.nextTurn(fn),
    });
    let jump = 0;
    const nodes = NAMES.map((name, i) => cluster.open(name, { clock: skewed(() => jump * (i - 2)) }));
    await cluster.traffic(nodes, 3000);
    await cluster.fail(nodes);
    const openedAt = cluster.clock.monotonic();
    jump = 3_600_000;
    cluster.dependency.calls.length = 0;
    while (cluster.dependency.calls.length === 0) await cluster.traffic(nodes, 500);
    const openFor = cluster.clock.monotonic() - openedAt;
    expect(openFor).toBeGreaterThanOrEqual(DELAY_MS);
    expect(openFor).toBeLessThanOrEqual(DELAY_MS + 2 * INTERVAL_MS);
    expect((await cluster.traffic(nodes, 2500)).every((end) => end === 'up')).toBe(true);
  });
});
