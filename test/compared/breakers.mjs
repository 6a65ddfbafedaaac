// What must hold of a circuit breaker. Each answers { right, seen }, or undefined where a library has no such thing.
import { deferred, failing, pause, until, watch } from './tools.mjs';

const DELAY_MS = 40;
const rules = { failures: 2, delayMs: DELAY_MS };

async function opened(library, more) {
  const breaker = library.breaker({ ...rules, ...more });
  for (let i = 0; i < rules.failures; i++) await breaker.run(failing).catch(() => undefined);
  return breaker;
}

/** Half-open, with its probe under way. */
async function probing(breaker) {
  await pause(2 * DELAY_MS);
  const probe = deferred();
  let isRunning = false;
  const ended = watch(
    breaker.run(() => {
      isRunning = true;
      return probe.promise;
    }),
  );
  await until(() => isRunning);
  return { probe, ended };
}

/** A call that began while the circuit was closed ends when it is half-open. */
async function late(library, settle) {
  const breaker = library.breaker({ ...rules, probeMs: 60_000 });
  const slow = deferred();
  const call = watch(breaker.run(() => slow.promise));
  for (let i = 0; i < rules.failures; i++) await breaker.run(failing).catch(() => undefined);
  const { probe } = await probing(breaker);
  settle(slow);
  await until(() => call.status !== 'pending');
  const seen = breaker.state();
  probe.resolve();
  return { right: seen === 'halfOpen', seen: `half-open before, ${seen} after` };
}

export const breakers = {
  'CB-30': {
    must: 'a success that began before the circuit opened does not close it',
    run: (library) => late(library, (slow) => slow.resolve('late')),
  },
  'CB-13': {
    must: 'a failure that began before the circuit opened does not open it again',
    run: (library) => late(library, (slow) => slow.reject(new Error('late'))),
  },
  'CB-09': {
    must: 'a probe that never ends does not keep the circuit from being tried again',
    async run(library) {
      const breaker = await opened(library);
      await probing(breaker);
      let tried = false;
      const outcomes = [];
      const end = performance.now() + 1500;
      while (!tried && performance.now() < end) {
        outcomes.push(watch(breaker.run(async () => void (tried = true))));
        await pause(20);
      }
      const waiting = outcomes.filter(({ status }) => status === 'pending').length;
      const seen = tried ? 'tried again' : waiting > 0 ? 'later calls wait for it' : 'later calls are rejected';
      return { right: tried, seen };
    },
  },
  'CB-11': {
    must: 'a probe that its caller cancels says nothing: the next call is the probe',
    async run(library) {
      if (!library.timeout) return undefined;
      const breaker = await opened(library);
      await pause(2 * DELAY_MS);
      const caller = new AbortController();
      const probe = breaker.run(
        ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        caller.signal,
      );
      caller.abort();
      await probe.catch(() => undefined);
      let tried = false;
      await breaker.run(async () => void (tried = true)).catch(() => undefined);
      return { right: tried, seen: tried ? 'the next call was let through' : 'the next call was rejected' };
    },
  },
  'CB-12': {
    must: 'a probe that ends with an error that says nothing leaves the circuit half-open',
    async run(library) {
      const neutral = new RangeError('your mistake');
      const breaker = await opened(library, { isNeutral: (error) => error === neutral });
      await pause(2 * DELAY_MS);
      await breaker.run(() => Promise.reject(neutral)).catch(() => undefined);
      return { right: breaker.state() === 'halfOpen', seen: breaker.state() };
    },
  },
  'CB-15': {
    must: 'six failures at once open it once, and it is half-open once',
    async run(library) {
      const breaker = library.breaker(rules);
      const slow = Array.from({ length: 6 }, deferred);
      const calls = slow.map(({ promise }) => breaker.run(() => promise).catch(() => undefined));
      for (const { reject } of slow) reject(new Error('down'));
      await Promise.all(calls);
      await pause(2 * DELAY_MS);
      let ran = 0;
      const probe = deferred();
      const tries = Array.from({ length: 6 }, () =>
        watch(
          breaker.run(() => {
            ran += 1;
            return probe.promise;
          }),
        ),
      );
      await until(() => ran > 0);
      await pause(20);
      const atOnce = ran;
      probe.resolve();
      await until(() => tries.every(({ status }) => status !== 'pending'), 300);
      return { right: atOnce === 1, seen: `${atOnce} of 6 calls let through half-open` };
    },
  },
  'CB-23': {
    must: 'a wall clock that is set back an hour does not keep it open',
    async run(library) {
      const breaker = await opened(library);
      const { now } = Date;
      let tried = false;
      try {
        Date.now = () => now() - 3_600_000;
        await pause(3 * DELAY_MS);
        await breaker.run(async () => void (tried = true)).catch(() => undefined);
      } finally {
        Date.now = now;
      }
      return { right: tried, seen: tried ? 'tried when its time had come' : 'still open' };
    },
  },
};
