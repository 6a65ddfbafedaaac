import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neverExecuted } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import type { RetryBudget } from './budget.js';
import { bulkhead } from './bulkhead.js';
import type { Running } from './call.js';
import { circuitBreaker } from './circuit-breaker.js';
import { compose } from './compose.js';
import { detect } from './detect.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import { recoveryInfo } from './info.js';
import { intercept } from './intercept.js';
import { rateLimit } from './rate-limit.js';
import { recover } from './recover.js';
import { repair } from './repair.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, reset, world } from './world.fixture.js';

// Whatever stands around bodies, however these end and whenever callers leave: nothing is left over, and nobody is told wrong.

const RUNS = process.env['REDRESS_TESTS'] === 'full' ? 4000 : 80;
const BAD = 1000;
const INSTEAD = -1;

const ms = fc.constantFrom(0, 1, 5, 10, 20, 50);
const maybe = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined, freq: 2 });
const run = fc.record({
  how: fc.constantFrom('value', 'value', 'bad', 'error', 'transient', 'refused', 'throw', 'stops'),
  ms: fc.oneof(ms, fc.constant(200)),
});
const call = fc.record({ at: ms, abortAt: maybe(ms), runs: fc.array(run, { minLength: 1, maxLength: 4 }), key: fc.constantFrom('a', 'b') });
const retries = fc.record({ maxRetries: fc.nat(2), delay: fc.constantFrom(0, 7), asksResult: fc.boolean() });
const places = fc.record({ value: fc.integer({ min: 1, max: 2 }), waitingTaskQueue: fc.nat(2), isKeyed: fc.boolean() });
const limit = fc.record({ value: fc.constantFrom(6, 15, 30), mode: fc.constantFrom('abandon' as const, 'cooperative' as const) });
const stack = fc.record({
  retry: maybe(retries),
  timeout: maybe(limit),
  deadline: maybe(limit),
  bulkhead: maybe(places),
  gate: maybe(places),
  breaker: maybe(fc.integer({ min: 1, max: 3 })),
  rate: maybe(fc.integer({ min: 1, max: 4 })),
  fallback: maybe(fc.boolean()),
  hedge: maybe(fc.constantFrom(0, 3)),
  repair: maybe(fc.constantFrom('retry' as const, 'continue' as const)),
  recover: maybe(fc.constantFrom('retry' as const, 'degrade' as const)),
  detect: maybe(fc.boolean()),
  early: fc.boolean(),
  late: fc.boolean(),
});
const listening = fc.constantFrom('nobody', 'always', 'from the middle', 'to the middle');

type Given = { readonly stack: Stack; readonly calls: readonly OneCall[]; readonly listening: string };
type Stack = typeof stack extends fc.Arbitrary<infer T> ? T : never;
type OneCall = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** A budget that is told of each call once. */
class Counted implements RetryBudget {
  active = 0;
  repeating = 0;
  begin(): void {
    this.active += 1;
  }
  take(): number {
    this.repeating += 1;
    return 1;
  }
  release(): void {
    this.repeating -= 1;
  }
  end(_isSuccess: boolean, cost: number): void {
    this.active -= 1;
    if (cost > 0) this.release();
  }
}

async function play({ stack: parts, calls, listening: listens }: Given): Promise<void> {
  const { clock, environment } = world();
  const counts = new Map<string, number>();
  const count = (name: string): number => counts.get(name) ?? 0;
  const names = ['call.ended', 'bulkhead.queued', 'bulkhead.dequeued', 'bulkhead.entered', 'bulkhead.left', 'circuit.called'];
  const listen = (): void => names.forEach((name) => offs.push(environment.events.on(name, () => counts.set(name, count(name) + 1))));
  const offs: (() => void)[] = [];
  if (listens === 'always' || listens === 'to the middle') listen();
  if (listens === 'from the middle') clock.setTimer(12, listen);
  if (listens === 'to the middle') clock.setTimer(12, () => offs.forEach((off) => off()));

  const context = new AsyncLocalStorage<number>();
  const wrong: string[] = [];
  const check = (what: string, n: number): void =>
    void (context.getStore() === n || wrong.push(`${what} in the context of ${context.getStore()}`));
  const budget = new Counted();
  const keyed = ({ isKeyed, ...rest }: NonNullable<Stack['gate']>) => ({
    ...rest,
    ...(isKeyed && { key: (_n: number, key: string) => key }),
  });
  const { retry: again, bulkhead: inner, gate: outer, rate, deadline } = parts;
  const attempts = inner && bulkhead(keyed(inner));
  const gate = outer && bulkhead({ ...keyed(outer), scope: 'invocation' });
  const breaker =
    parts.breaker === undefined ? undefined : circuitBreaker({ requestVolumeThreshold: parts.breaker, delay: 40 }, environment);
  const isGood = (value: unknown, n: number): boolean => (check('detect', n), (value as number) < BAD);
  const given = [
    again &&
      retry({
        maxRetries: again.maxRetries,
        delay: again.delay,
        retryOn: [E, 'ECONNRESET', 'TIMEOUT', 'BulkheadRejectedError'],
        budget,
        ...(again.asksResult && { retryOnResult: (value: unknown) => (value as number) >= BAD }),
      }),
    parts.timeout && timeout(parts.timeout),
    deadline && timeout({ ...deadline, value: 2 * deadline.value, scope: 'total' }),
    attempts,
    gate,
    breaker,
    rate && rateLimit({ value: rate, window: 30 }),
    parts.fallback !== undefined &&
      fallback(async (n: number) => {
        check('fallback', n);
        if (parts.fallback) await clock.sleep(3);
        return INSTEAD;
      }),
    parts.hedge !== undefined && hedge({ delay: parts.hedge, maxHedges: 2, maxLoad: 1 }),
    parts.repair &&
      repair({
        on: [E, 'BadResultError'],
        then: parts.repair,
        with: async (n: number, key: string) => {
          check('repair', n);
          await clock.sleep(2);
          return parts.repair === 'retry' ? [n, key] : n;
        },
      }),
    parts.recover &&
      recover([
        parts.recover === 'retry'
          ? { on: ['TIMEOUT', 'ECONNRESET'], action: 'retry', maxRetries: 1, delay: 1 }
          : { on: [E, 'TIMEOUT'], action: 'degrade', value: INSTEAD },
      ]),
    parts.detect && detect(isGood),
    parts.early && intercept(async (_call, next) => next()),
    parts.late && intercept(async (_call, next) => (await Promise.resolve(), next()), { scope: 'attempt' }),
  ].filter((one) => typeof one === 'function');
  const chain = compose(given, environment, 'Bank.charge');

  let [running, inGate] = [0, 0];
  const signals: AbortSignal[] = [];
  const settled = calls.map(async ({ at, abortAt, runs, key }, n) => {
    const abort = new AbortController();
    signals.push(abort.signal);
    const told: unknown[] = [];
    const ended: { value?: number; isOver: boolean }[] = [];
    const one: Call = {
      operation: 'Bank.charge',
      args: [n, key],
      signal: abort.signal,
      attempt: 1,
      environment,
      onAttemptFailed: (error) => void told.push(error),
    };
    const body = async ({ signal }: Running): Promise<unknown> => {
      const { how, ms: takes } = runs[ended.length % runs.length] as OneCall['runs'][number];
      const mine: (typeof ended)[number] = { isOver: false };
      ended.push(mine);
      check('body', n);
      running += 1;
      if (attempts && !inner?.isKeyed && running > (inner?.value ?? 0)) wrong.push('more bodies than places');
      try {
        if (how === 'throw') throw new E();
        if (how === 'stops') await stopped(signal, takes);
        else await clock.sleep(takes);
        check('body', n);
        if (how === 'error') throw new E();
        if (how === 'transient') throw reset();
        if (how === 'refused') throw new TypeError('never');
        return (mine.value = (how === 'bad' ? BAD : 0) + 10 * n + ended.length);
      } finally {
        running -= 1;
        mine.isOver = true;
      }
    };
    const stopped = (signal: AbortSignal | undefined, takes: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const stop = (): void => reject(signal?.reason as Error);
        if (signal?.aborted) stop();
        signal?.addEventListener('abort', stop, { once: true });
        void clock.sleep(takes).then(() => {
          signal?.removeEventListener('abort', stop);
          resolve();
        });
      });
    await clock.sleep(at);
    if (abortAt !== undefined) clock.setTimer(abortAt, () => abort.abort(new DOMException('left', 'AbortError')));
    inGate += 1;
    const promise = context.run(n, () => (one.told = chain(one, body)));
    const [end] = await Promise.allSettled([promise]);
    inGate -= 1;
    const value = end?.status === 'fulfilled' ? (end.value as number) : undefined;
    // What the undo of a step is told of it.
    const error = end?.status === 'rejected' ? (end.reason as unknown) : undefined;
    const isUnknown = [...told, ...(error === undefined ? [] : [error])].some((known) => !neverExecuted(known, one));
    if (ended.some((body) => body.value === undefined || body.value !== value) && !isUnknown)
      wrong.push(`call ${n} has run, and nobody knows`);
    if (ended.length === 0 && told.some((known) => !neverExecuted(known, one))) wrong.push(`call ${n} has not run, and is told of`);
    if (ended.length === 1 && ended[0]?.value === value && value !== undefined && told.some((known) => !neverExecuted(known, one)))
      wrong.push(`call ${n} has run once, and more is told of`);
    if (value === INSTEAD && recoveryInfo(promise)?.fallback !== true) wrong.push(`call ${n} has another’s answer, and nobody knows`);
    if (value !== INSTEAD && recoveryInfo(promise)?.fallback) wrong.push(`call ${n} has its own answer, and nobody knows`);
    if (String(one.args) !== String([n, key])) wrong.push(`call ${n} has other arguments`);
  });
  let isOver = false;
  void Promise.all(settled).then(() => (isOver = true));
  for (let i = 0; i < 5; i++) await clock.drive(hangs());
  expect(wrong).toEqual([]);
  expect({ isOver, running, inGate, timers: clock.timers.length }).toEqual({ isOver: true, running: 0, inGate: 0, timers: 0 });
  for (const places of [attempts, gate]) expect(places?.load ?? { running: 0, waiting: 0 }).toEqual({ running: 0, waiting: 0 });
  expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual(signals.map(() => 0));
  expect([budget.active, budget.repeating]).toEqual([0, 0]);
  expect(count('bulkhead.queued')).toBe(listens === 'always' ? count('bulkhead.dequeued') : count('bulkhead.queued'));
  expect(count('bulkhead.entered')).toBe(listens === 'always' ? count('bulkhead.left') : count('bulkhead.entered'));
  expect(count('call.ended')).toBe(listens === 'always' ? calls.length : count('call.ended'));
  if (!breaker) return;
  // No permit is missing: as soon as its time is over, somebody may try it. The first may still fill its window.
  for (let i = 0; i < 2; i++) {
    clock.at += 41;
    expect(await clock.drive(guard(async () => 1, breaker, { environment })())).toMatchObject({ value: 1 });
  }
  expect(breaker.state()).toBe('closed');
}

describe('any stack of policies', () => {
  it('leaves nothing over, and tells nobody wrong', { timeout: 600_000 }, async () => {
    const given = fc.record({ stack, calls: fc.array(call, { minLength: 1, maxLength: 5 }), listening });
    await fc.assert(fc.asyncProperty(given, play), { numRuns: RUNS });
  });
});
