import { VirtualClock } from '@redress/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { at, Cluster, DELAY_MS, INTERVAL_MS, NAMES } from './cluster.js';
import type { Node } from './node.js';

describe('a shared circuit breaker', () => {
  let cluster: Cluster;
  beforeEach(() => (cluster = new Cluster()));

  it('SB-01 one node of five that opens is not followed', async () => {
    const nodes = cluster.five({ shared: { quorum: 3 } });
    await cluster.traffic(nodes, 2000);
    await cluster.fail(at(nodes, 0));
    expect(await cluster.traffic(nodes, 3000)).toEqual(['CIRCUIT_OPEN', 'up', 'up', 'up', 'up']);
    await cluster.fail(at(nodes, 1));
    expect(await cluster.traffic(nodes, 1000)).toEqual(['CIRCUIT_OPEN', 'CIRCUIT_OPEN', 'up', 'up', 'up']);
  });

  it('SB-02 three that open are followed by all within one interval', async () => {
    for (const quorum of [3, undefined]) {
      cluster = new Cluster();
      const nodes = cluster.five(quorum === undefined ? {} : { shared: { quorum } });
      await cluster.traffic(nodes, 3000);
      await cluster.fail(at(nodes, 0, 1, 2));
      // It begins to look at the board at once, and the others look within an interval.
      expect(await cluster.traffic(nodes, INTERVAL_MS + INTERVAL_MS / 2)).toEqual(NAMES.map(() => 'CIRCUIT_OPEN'));
      const opened = nodes[4]?.events.find(({ name }) => name === 'circuit.opened');
      expect(opened?.error).toHaveProperty('message', '3 nodes have opened the circuit "bank".');
      for (const { breaker } of nodes) await breaker[Symbol.asyncDispose]();
    }
  });

  it('two nodes need both of them: a single bad one cannot poison the other', async () => {
    const nodes = cluster.five().slice(0, 2);
    await cluster.traffic(nodes, 3000);
    await cluster.fail(at(nodes, 0));
    expect(await cluster.traffic(nodes, 3000)).toEqual(['CIRCUIT_OPEN', 'up']);
  });

  it('nodes that went away do not count, neither among those that live nor among those that opened', async () => {
    const nodes = cluster.five();
    await cluster.traffic(nodes, 3000);
    await cluster.fail(at(nodes, 0));
    await cluster.traffic(nodes, 500);
    for (const name of ['a', 'b', 'c']) cluster.dead.add(name);
    // Three of five are silent for more than a lease: of the two left, two must have opened.
    expect(await cluster.traffic(at(nodes, 3, 4), 4000)).toEqual(['up', 'up']);
    await cluster.fail(at(nodes, 3));
    expect(await cluster.traffic(at(nodes, 3, 4), 2000)).toEqual(['CIRCUIT_OPEN', 'up']);
    const late = cluster.open('late');
    expect(await cluster.traffic([late], 500)).toEqual(['up']);
  });

  it('what a node has said that is silent now does not count', async () => {
    const nodes = cluster.five({ shared: { quorum: 2 } });
    const [a, d, e] = at(nodes, 0, 3, 4) as [Node, Node, Node];
    await cluster.traffic(nodes, 3000);
    await cluster.fail([a]);
    await cluster.traffic(nodes, 500);
    cluster.dead.add('a');
    expect(await cluster.traffic([d, e], 4000)).toEqual(['up', 'up']);
    await cluster.fail([d]);
    expect(await cluster.traffic([d, e], 2000)).toEqual(['CIRCUIT_OPEN', 'up']);
  });

  it('what nodes have said before a good probe is over, also when they cannot take it back', async () => {
    const nodes = cluster.five({ shared: { quorum: 2 } });
    await cluster.traffic(nodes, 3000);
    await cluster.fail(nodes);
    cluster.dependency.calls.length = 0;
    let release: (value?: unknown) => void = () => {};
    cluster.dependency.waits = new Promise((resolve) => (release = resolve));
    while (cluster.dependency.calls.length === 0) await cluster.hopelessTraffic(nodes, 500);
    const holder = nodes.find(({ name }) => name === cluster.dependency.calls[0]) as Node;
    for (const { name } of nodes) if (name !== holder.name) cluster.dead.add(name);
    release();
    cluster.dependency.waits = undefined;
    await cluster.clock.advance(0);
    for (let i = 0; i < 6; i++) expect(await cluster.traffic([holder], 500)).toEqual(['up']);
  });

  it('of all nodes one probes, and its success closes all circuits', async () => {
    const nodes = cluster.five();
    await cluster.traffic(nodes, 3000);
    await cluster.fail(nodes);
    await cluster.traffic(nodes, 1000);
    cluster.dependency.calls.length = 0;
    let release: (value?: unknown) => void = () => {};
    cluster.dependency.waits = new Promise((resolve) => (release = resolve));
    for (let i = 0; i < 14; i++) {
      void nodes.map((one) => one.call());
      await cluster.clock.advance(INTERVAL_MS / 2);
    }
    expect(cluster.dependency.calls).toHaveLength(1);
    release();
    cluster.dependency.waits = undefined;
    await cluster.traffic(nodes, 1500);
    expect(await cluster.traffic(nodes, 500)).toEqual(NAMES.map(() => 'up'));
    expect(cluster.states(nodes)).toEqual(NAMES.map(() => 'closed'));
  });

  it('a probe that fails keeps all circuits open for another time, and another node has the next one', async () => {
    const nodes = cluster.five();
    await cluster.traffic(nodes, 3000);
    for (const name of NAMES) cluster.dependency.downFor.add(name);
    await cluster.traffic(nodes, 2000);
    expect(cluster.states(nodes)).toEqual(NAMES.map(() => 'open'));
    cluster.dependency.calls.length = 0;
    await cluster.traffic(nodes, 4 * (DELAY_MS + 1500));
    // One in each time that they are open, whatever the number of nodes.
    expect(cluster.dependency.calls.length).toBeGreaterThanOrEqual(3);
    expect(cluster.dependency.calls.length).toBeLessThanOrEqual(5);
    expect(cluster.dependency.calls.every((name, i, all) => name !== all[i - 1])).toBe(true);
  });

  it('SB-04 when the holder of the probe dies, another node probes after the lease', async () => {
    const nodes = cluster.five();
    await cluster.traffic(nodes, 3000);
    await cluster.fail(nodes);
    cluster.dependency.calls.length = 0;
    cluster.dependency.waits = new Promise(() => {});
    for (let i = 0; cluster.dependency.calls.length === 0 && i < 40; i++) {
      void nodes.map((one) => one.call());
      await cluster.clock.advance(INTERVAL_MS / 2);
    }
    const diedAt = cluster.clock.monotonic();
    const holder = nodes.find(({ name }) => name === cluster.dependency.calls[0]) as Node;
    cluster.dead.add(holder.name);
    cluster.dependency.waits = undefined;
    const others = nodes.filter((one) => one !== holder);
    while (cluster.dependency.calls.length === 1 && cluster.clock.monotonic() < diedAt + 20_000) await cluster.traffic(others, 500);
    const waited = cluster.clock.monotonic() - diedAt;
    expect(waited).toBeGreaterThanOrEqual(2.5 * INTERVAL_MS);
    expect(waited).toBeLessThanOrEqual(5.5 * INTERVAL_MS);
    await cluster.traffic(others, 1500);
    expect(cluster.states(others)).toEqual(others.map(() => 'closed'));
  });

  it('a process that was stopped for longer than its lease does not probe when it goes on', async () => {
    const sleepy = new VirtualClock();
    const [a, b] = [cluster.open('a', { clock: sleepy }), cluster.open('b')];
    await cluster.fail([a, b]);
    cluster.dependency.calls.length = 0;
    for (let i = 0; i < 12; i++) {
      // Not as a probe: only the exchange finds that it is time for one.
      cluster.dependency.waits = new Promise(() => {});
      if (i < 9) void a.call();
      await sleepy.advance(INTERVAL_MS / 2);
    }
    expect([a.breaker.state(), cluster.dependency.calls.length]).toEqual(['halfOpen', 0]);
    // The other one waits for its lease to end, and probes in its place.
    await cluster.hopelessTraffic([b], 8_000);
    expect(cluster.dependency.calls).toEqual(['b']);
    sleepy.jump(20_000);
    expect(await a.call()).toBe('CIRCUIT_OPEN');
    expect(cluster.dependency.calls).toEqual(['b']);
  });
});
