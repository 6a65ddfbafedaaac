import { setTimeout as pause } from 'node:timers/promises';
import { circuitBreaker, guard } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import type { Act } from './acts.js';

const LIMIT_MS = 5_000;

/** Three nodes that share a circuit breaker; each has its own connection to the store. */
export async function nodes(): Promise<Act> {
  const database = createMemoryDatabase();
  const down = new Set<string>();
  let probes = 0;
  let isCounting = false;
  const all = ['one', 'two', 'three'].map((name) => {
    const store = memoryStore({ shared: database });
    const breaker = circuitBreaker({
      requestVolumeThreshold: 3,
      delay: 300,
      shared: { store, name: 'supplier', interval: 50, leaseTtl: '2s', quorum: 2 },
    });
    const body = async (): Promise<void> => {
      if (isCounting) probes += 1;
      // The first that is let through again takes its time, so that others could come.
      if (isCounting) await pause(100);
      if (down.has(name)) throw new Error('down');
    };
    const guarded = guard(body, breaker, { name: `Quotes.price of ${name}` });
    return { name, breaker, call: () => guarded().catch(() => {}) };
  });
  const until = async (state: string): Promise<boolean> => {
    for (const end = performance.now() + LIMIT_MS; performance.now() < end; await pause(10)) {
      // Nobody waits for the answers, as with the calls of many users.
      for (const one of all) void one.call();
      if (all.every(({ breaker }) => breaker.state() === state)) return true;
    }
    return false;
  };
  for (const one of all) await one.call();
  for (const name of ['one', 'two']) down.add(name);
  const isOpen = await until('open');
  down.clear();
  isCounting = true;
  const isClosed = await until('closed');
  const made = probes;
  await Promise.all(all.map(({ breaker }) => breaker[Symbol.asyncDispose]()));
  return {
    policy: '@CircuitBreaker',
    happened: [
      'shared by three nodes, two fail',
      isOpen ? 'all three open' : 'not all open',
      isClosed ? 'one probe, and all close' : 'not all close',
    ],
    claim: 'nodes open by a quorum, and close by a probe of one of them',
    isTrue: isOpen && isClosed && made >= 1,
  };
}
