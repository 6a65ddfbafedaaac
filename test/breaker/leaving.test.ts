import { circuitBreaker, createEnvironment, guard } from '@redress/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { at, Cluster, DELAY_MS, NAMES } from './cluster.js';

describe('a node of a shared circuit breaker', () => {
  let cluster: Cluster;
  beforeEach(() => (cluster = new Cluster()));

  const board = async (id = 'breaker/bank'): Promise<{ nodes: object; probe?: { node: string } }> =>
    JSON.parse(String((await cluster.connect().load(id))?.head.meta ?? '{"nodes":{}}')) as { nodes: object };

  it('has no timer and no word on the board while nobody calls', async () => {
    const nodes = cluster.five();
    expect(cluster.clock.nextAt).toBeUndefined();
    await cluster.traffic(nodes, 3000);
    expect(Object.keys((await board()).nodes)).toHaveLength(5);
    await cluster.clock.advance(10_000);
    expect([cluster.clock.nextAt, await board()]).toMatchObject([undefined, { nodes: {} }]);
    expect(await cluster.traffic(nodes, 1000)).toEqual(NAMES.map(() => 'up'));
  });

  it('that has few calls is heard for as long as its circuit is open', async () => {
    const nodes = cluster.five({ shared: { quorum: 2 } });
    await cluster.fail(at(nodes, 0, 1));
    await cluster.traffic(at(nodes, 4), DELAY_MS - 1500);
    expect(cluster.states(at(nodes, 4))).toEqual(['open']);
  });

  it('does not wait for ever in an open circuit that nobody calls', async () => {
    const [node] = cluster.five();
    await cluster.fail([node!]);
    await cluster.clock.advance(10 * DELAY_MS);
    expect(cluster.clock.nextAt).toBeUndefined();
    expect(await cluster.traffic([node!], 1000)).toEqual(['up']);
  });

  it('leaves the others when it is disposed of, and gives the right to probe back', async () => {
    const nodes = cluster.five();
    await cluster.traffic(nodes, 3000);
    await cluster.fail(nodes);
    cluster.dependency.waits = new Promise(() => {});
    cluster.dependency.calls.length = 0;
    while (cluster.dependency.calls.length === 0) await cluster.hopelessTraffic(nodes, 500);
    const holder = nodes.find(({ name }) => name === cluster.dependency.calls[0])!;
    expect((await board()).probe).toBeDefined();
    await holder.breaker[Symbol.asyncDispose]();
    await holder.breaker[Symbol.asyncDispose]();
    expect((await board()).probe).toBeUndefined();
    expect(Object.keys((await board()).nodes)).toHaveLength(4);
    cluster.dependency.waits = undefined;
    const others = nodes.filter((one) => one !== holder);
    await cluster.traffic(others, 2500);
    expect(cluster.states(others)).toEqual(others.map(() => 'closed'));
    for (const { breaker } of others) await breaker[Symbol.asyncDispose]();
    expect([cluster.clock.nextAt, await board()]).toMatchObject([undefined, { nodes: {} }]);
  });

  it('decides alone afterwards', async () => {
    const node = cluster.open('a');
    await cluster.traffic([node], 1000);
    await node.breaker[Symbol.asyncDispose]();
    await cluster.fail([node]);
    expect(await node.call()).toBe('CIRCUIT_OPEN');
    cluster.clock.jump(DELAY_MS);
    expect(await node.call()).toBe('up');
    expect(cluster.clock.nextAt).toBeUndefined();
  });

  it('does not wait for a store that hangs when it leaves', async () => {
    const node = cluster.open('a');
    await cluster.traffic([node], 1000);
    cluster.dead.add('a');
    const left = node.breaker[Symbol.asyncDispose]();
    const before = cluster.clock.monotonic();
    await cluster.clock.until(left, 10_000);
    expect(cluster.clock.monotonic() - before).toBeLessThanOrEqual(3000);
  });

  it('has a stream for each key, whatever the key is', async () => {
    const keys = ['x', 'y/=', 'ü\0', 'z'.repeat(500)];
    const nodes = cluster.five({ breaker: { key: (key: string) => key }, shared: { quorum: 2 } });
    for (const key of keys) {
      for (const one of nodes) await one.call(key);
    }
    await cluster.clock.advance(1500);
    for (const { name } of at(nodes, 0, 1)) cluster.dependency.downFor.add(name);
    for (const one of at(nodes, 0, 1)) for (let i = 0; i < 2; i++) await one.call('ü\0');
    cluster.dependency.downFor.clear();
    await cluster.clock.advance(1500);
    expect(await Promise.all(keys.map((key) => nodes[4]!.call(key)))).toEqual(['up', 'up', 'CIRCUIT_OPEN', 'up']);
  });

  it('that was just started is not led by what dead nodes left behind', async () => {
    const nodes = cluster.five({ shared: { quorum: 2 } });
    await cluster.traffic(nodes, 3000);
    await cluster.fail(nodes);
    await cluster.traffic(nodes, 1000);
    for (const name of NAMES) cluster.dead.add(name);
    await cluster.clock.advance(3_600_000);
    const late = cluster.open('late', { shared: { quorum: 2 } });
    expect(await cluster.traffic([late], 5000)).toEqual(['up']);
    await cluster.traffic([late], 60_000);
    expect(Object.keys((await board()).nodes)).not.toContain('a-1');
  });

  it('that slept through many exchanges begins to look anew', async () => {
    const nodes = cluster.five({ shared: { quorum: 2 } });
    const early = nodes[4]!;
    await cluster.traffic(nodes, 3000);
    await cluster.traffic(at(nodes, 0, 1), 5000);
    await cluster.fail(at(nodes, 0, 1));
    await cluster.traffic(at(nodes, 0, 1), 3000);
    for (const name of ['a', 'b']) cluster.dead.add(name);
    await cluster.clock.advance(60_000);
    expect(await cluster.traffic([early], 3000)).toEqual(['up']);
  });

  it.each([{ name: '' }, { store: {} }, { quorum: 0 }, { interval: 0 }, { interval: 1000, leaseTtl: 1000 }, { until: 3 }])(
    'refuses %j',
    (options) => {
      const shared = { store: cluster.connect(), name: 'bank', ...options };
      expect(() => circuitBreaker({ shared } as never)).toThrow(/shared/);
    },
  );

  it('keeps what two breakers of other names decide apart', async () => {
    const environment = createEnvironment({ clock: cluster.clock });
    const breaker = (name: string) =>
      circuitBreaker({ requestVolumeThreshold: 1, shared: { store: cluster.connect(), name, quorum: 1 } }, environment);
    const [one, two] = [breaker('one'), breaker('two')];
    const other = guard(async () => 'up', two);
    await guard(async () => Promise.reject(new Error('x')), one)().catch(() => {});
    for (let i = 0; i < 6; i++) {
      expect(await other()).toBe('up');
      await cluster.clock.advance(500);
    }
  });
});
