// node --expose-gc leaks.mjs: makes many calls that end early, and prints what is left of them.
import { bulkhead, circuitBreaker, createEnvironment, currentSignal, guard, hedge, metrics, retry, timeout } from '@redress/core';
import { Timeout } from '@redress/decorators';
import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';

const CALLS = Number(process.argv[2]);
const AT_ONCE = 2_000;
const hangs = () => new Promise(() => {});
const failing = async () => {
  throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
};
const environment = createEnvironment();
const told = createEnvironment();
const counted = metrics(told);

// A process has one such signal, and each of its calls listens to it.
const forEver = new AbortController();

const timed = guard(hangs, timeout(2), { environment });
const timedAndTold = guard(hangs, timeout(2), circuitBreaker({ requestVolumeThreshold: 1000, failureRatio: 1 }), {
  environment: told,
  name: 'told',
});
const succeeds = guard(async () => 'fine', timeout('1m'), retry(), { environment });
const untilAborted = () => {
  const signal = currentSignal();
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
};
const asking = guard(untilAborted, timeout('1m'), { environment });
const one = bulkhead({ value: 1, waitingTaskQueue: Infinity });
const taking = guard(hangs, one, { environment });
const queued = guard(hangs, timeout('1m'), one, { environment });
const pausing = guard(
  failing,
  retry({ delay: '1m', maxDelay: '1m', jitter: 'none', budget: false }),
  timeout({ value: '1h', scope: 'total' }),
  { environment },
);
const hedged = guard(hangs, hedge({ delay: 1, maxHedges: 2, maxLoad: 1 }), timeout(3), { environment });

class Slow {
  async call() {
    return untilAborted();
  }
}
const descriptor = Object.getOwnPropertyDescriptor(Slow.prototype, 'call');
Timeout(2)(Slow.prototype, 'call', descriptor);
Object.defineProperty(Slow.prototype, 'call', descriptor);
const slow = new Slow();

const leaving = (call) => () => {
  const caller = new AbortController();
  setImmediate(() => caller.abort());
  return call.with(caller)();
};
const kinds = [
  () => timed.with(forEver)(),
  () => timedAndTold.with(forEver)(),
  () => succeeds.with(forEver)(),
  leaving(asking),
  leaving(queued),
  leaving(pausing),
  () => hedged.with(forEver)(),
  () => slow.call(),
];

void taking();

async function round(first) {
  const ends = [];
  for (let i = 0; i < AT_ONCE; i++) ends.push(kinds[(first + i) % kinds.length]().catch(() => {}));
  await Promise.all(ends);
}

async function left() {
  // What is in the last turns of timers and promises has a moment to go.
  for (let i = 0; i < 5; i++) {
    await sleep(10);
    globalThis.gc();
  }
  return {
    heapBytes: process.memoryUsage().heapUsed,
    promises: queryObjects(Promise),
    signals: queryObjects(AbortSignal),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    listeners: getEventListeners(forEver.signal, 'abort').length,
  };
}

for (let i = 0; i < 3; i++) await round(i);
const before = await left();
for (let made = 0; made < CALLS; made += AT_ONCE) await round(made);
const after = await left();

const places = bulkhead({ value: 1, waitingTaskQueue: 20_000 });
const waiting = guard(hangs, places, { environment });
void waiting();
const quiet = await left();

// In a function of its own: what a block has made is kept until the module ends.
async function queueAndLeave() {
  const callers = Array.from({ length: 10_000 }, () => new AbortController());
  const ends = callers.map((caller) =>
    waiting
      .with(caller)()
      .catch(() => {}),
  );
  for (const caller of callers) caller.abort();
  await Promise.all(ends);
}
await queueAndLeave();
const emptied = await left();
const growth = (from, to) => Object.fromEntries(Object.keys(from).map((name) => [name, to[name] - from[name]]));
console.log(
  JSON.stringify({
    calls: growth(before, after),
    queue: growth(quiet, emptied),
    waiting: places.load.waiting,
    metrics: counted.snapshot().length,
    listeners: after.listeners,
    timers: after.timers,
  }),
);
