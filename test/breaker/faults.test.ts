import { StoreUnavailableError } from '@redress/core';
import type { Store } from '@redress/core';
import { seededRandom } from '@redress/testkit';
import { describe, expect, it } from 'vitest';
import { Cluster, INTERVAL_MS, NAMES } from './cluster.js';

const SEEDS = process.env['REDRESS_TESTS'] === 'full' ? 200 : 20;

/** A store that loses questions and answers, and is slow, while there is bad weather. */
function stormy(store: Store, cluster: Cluster, next: () => number, isStorm: () => boolean): Store {
  const weather = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (!isStorm()) return ask();
    if (next() < 0.2) await new Promise((resolve) => cluster.clock.setTimer(next() * 4 * INTERVAL_MS, () => resolve(undefined)));
    if (next() < 0.1) throw new StoreUnavailableError('the question was lost');
    const answer = await ask();
    if (next() < 0.1) throw new StoreUnavailableError('the answer was lost');
    return answer;
  };
  const one = Object.create(store) as Store;
  one.load = (...args) => weather(() => store.load(...args));
  one.commit = (change) => weather(() => store.commit(change));
  return one;
}

describe('nodes of a shared circuit breaker, after any faults', () => {
  it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('agree that all is well, and open together again (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const next = (): number => random.next();
    const cluster = new Cluster();
    let isStorm = true;
    const nodes = NAMES.map((name) => cluster.open(name, { store: stormy(cluster.connect(), cluster, next, () => isStorm) }));
    for (let i = 0; i < 60; i++) {
      for (const name of NAMES) {
        if (next() < 0.15) cluster.dependency.downFor.add(name);
        else if (next() < 0.3) cluster.dependency.downFor.delete(name);
      }
      await cluster.hopelessTraffic(
        nodes.filter(() => next() < 0.8),
        INTERVAL_MS / 2,
      );
    }
    isStorm = false;
    cluster.dependency.downFor.clear();
    await cluster.traffic(nodes, 60 * INTERVAL_MS);
    expect(await cluster.traffic(nodes, INTERVAL_MS)).toEqual(NAMES.map(() => 'up'));

    await cluster.fail(nodes.slice(0, 3));
    expect(await cluster.traffic(nodes, 2 * INTERVAL_MS)).toEqual(NAMES.map(() => 'CIRCUIT_OPEN'));
    cluster.dependency.calls.length = 0;
    let running = 0;
    let most = 0;
    cluster.dependency.call = async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => cluster.clock.setTimer(700, () => resolve(undefined)));
      running -= 1;
      return 'up';
    };
    // All of them are open: nobody has closed before the first probe has ended.
    for (let i = 0; running + most === 0 && i < 40; i++) await cluster.hopelessTraffic(nodes, INTERVAL_MS / 2);
    expect(most).toBe(1);
  });
});
