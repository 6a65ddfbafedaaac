import { AsyncLocalStorage } from 'node:async_hooks';
import { createEnvironment, currentSignal, recoveryInfo } from '@redress/core';
import { memoryStore } from '@redress/memory';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as marks from './index.js';
import type { Undo } from './index.js';

// Whatever marks stand at a method or its class, and however its body ends: the undo is told the truth, and nothing is left over.

const RUNS = process.env['REDRESS_TESTS'] === 'full' ? 2000 : 60;
const INSTEAD = -1;
type Decorate = (target: object, key: string, descriptor: PropertyDescriptor) => void;
class Busy extends Error {
  override readonly name = 'Busy';
}

const options = {
  Retry: fc.constantFrom(
    ...[0, 1, 2].map((maxRetries) => ({ maxRetries, delay: 0, budget: false, retryOn: [Busy, 'TIMEOUT'], retryOnResult: isBad })),
  ),
  Timeout: fc.constantFrom({ value: 4 }, { value: 4, mode: 'cooperative' }),
  Deadline: fc.constantFrom({ value: 6, scope: 'total' }),
  Bulkhead: fc.constantFrom({ value: 1, waitingTaskQueue: 0 }, { value: 1, waitingTaskQueue: 5 }),
  Gate: fc.constantFrom({ value: 1, waitingTaskQueue: 5, scope: 'invocation' }),
  CircuitBreaker: fc.constantFrom({ requestVolumeThreshold: 2, delay: '1h' }),
  RateLimit: fc.constantFrom({ value: 1, window: '1h' }, { value: 3, window: '1h' }),
  Fallback: fc.constant({ value: INSTEAD }),
  Hedge: fc.constantFrom({ delay: 0, maxLoad: 1 }, { delay: 2, maxLoad: 1 }),
  Detect: fc.constant((value: number) => !isBad(value)),
  Repair: fc.constantFrom({ on: [Busy, 'BadResultError'], with: (shop: { repaired: () => [number] }) => shop.repaired }),
};
function isBad(value: unknown): boolean {
  return (value as number) >= 1000;
}
const names = Object.keys(options) as (keyof typeof options)[];
const decorators = marks as unknown as Readonly<Record<string, (options: unknown) => Decorate & ((type: unknown) => void)>>;
const decoratorOf = (name: string) =>
  decorators[{ Deadline: 'Timeout', Gate: 'Bulkhead' }[name] ?? name] as (options: unknown) => Decorate & ((type: unknown) => void);

const given = fc.record({
  marked: fc.record(
    Object.fromEntries(names.map((name) => [name, fc.option(options[name] as fc.Arbitrary<unknown>, { nil: undefined, freq: 2 })])),
  ),
  order: fc.shuffledSubarray(names, { minLength: names.length }),
  atClass: fc.boolean(),
  inSaga: fc.boolean(),
  isCheckpointed: fc.boolean(),
  isListening: fc.boolean(),
  runs: fc.array(fc.record({ how: fc.constantFrom('value', 'bad', 'busy', 'throw', 'hangs'), ms: fc.constantFrom(0, 1, 8) }), {
    minLength: 1,
    maxLength: 3,
  }),
});
type Given = typeof given extends fc.Arbitrary<infer T> ? T : never;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function play({ marked, order, atClass, inSaga, isCheckpointed, isListening, runs }: Given): Promise<void> {
  const context = new AsyncLocalStorage<number>();
  const wrong: string[] = [];
  const bodies: { value?: number }[] = [];
  const undone: Undo<never, never>[] = [];
  let running = 0;
  let isMarked = false;
  class Payments {
    async pay(n: number): Promise<number> {
      if (!inSaga && context.getStore() !== n) wrong.push('in another context');
      if (isMarked && !(currentSignal() instanceof AbortSignal)) wrong.push('without a signal');
      const { how, ms } = runs[bodies.length % runs.length] as Given['runs'][number];
      const mine: { value?: number } = {};
      bodies.push(mine);
      if (how === 'throw') throw new Busy('at once');
      running += 1;
      try {
        await sleep(how === 'hangs' ? 15 : ms);
        if (how === 'busy') throw new Busy('no');
        return (mine.value = (how === 'bad' ? 1000 : 0) + bodies.length);
      } finally {
        running -= 1;
      }
    }
    repaired(): [number] {
      return [1];
    }
    async undo(undo: Undo<never, never>): Promise<void> {
      undone.push(undo);
    }
  }
  class Shop {
    constructor(readonly payments: Payments) {}
    async run(): Promise<void> {
      await this.payments.pay(1);
      throw new Error('back');
    }
  }
  const put = (type: { readonly prototype: object }, key: string, decorate: Decorate): void => {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, key) as PropertyDescriptor;
    decorate(type.prototype, key, descriptor);
    Object.defineProperty(type.prototype, key, descriptor);
  };
  const CLASS = ['Retry', 'Timeout', 'Bulkhead', 'CircuitBreaker', 'RateLimit', 'Fallback', 'Deadline', 'Gate'];
  const kept = order.filter((name) => marked[name] !== undefined && !(isCheckpointed && name === 'Hedge'));
  for (const name of kept) {
    const decorate = decoratorOf(name)(marked[name]);
    if (atClass && CLASS.includes(name)) decorate(Payments);
    else put(Payments, 'pay', decorate);
  }
  if (isCheckpointed) put(Payments, 'pay', marks.Checkpointed() as unknown as Decorate);
  if (inSaga)
    put(Payments, 'pay', marks.Compensate((payments: Payments) => payments.undo as never, { total: true }) as unknown as Decorate);
  put(Shop, 'run', marks.Saga() as unknown as Decorate);
  isMarked = kept.length > 0 || inSaga || isCheckpointed;
  const payments = new Payments();
  const shop = new Shop(payments);
  const environment = createEnvironment();
  let ended = 0;
  if (isListening) environment.events.on('call.ended', ({ details }) => void (details?.['operation'] === 'Payments.pay' && (ended += 1)));
  const app = await marks.redress({ store: memoryStore(), instances: isMarked ? [shop, payments] : [shop], worker: false, environment });
  if (inSaga) {
    await context.run(1, () => shop.run()).catch(() => undefined);
    const [undo] = undone;
    const result = undo?.outcome === 'done' ? (undo as { readonly result?: unknown }).result : undefined;
    const isKnown = bodies.every(({ value }) => value !== undefined && value === result);
    const hears = undo !== undefined && (undo.outcome === 'unknown' || (undo as { readonly alsoUnknown?: boolean }).alsoUnknown === true);
    if (!isKnown && !hears) wrong.push(`the undo hears ${JSON.stringify(undo)} of ${JSON.stringify(bodies)}`);
    if (bodies.length === 0 && hears) wrong.push('the undo hears of what was never done');
  } else {
    const promise = context.run(1, () => payments.pay(1));
    const [end] = await Promise.allSettled([promise]);
    const isInstead = end?.status === 'fulfilled' && end.value === INSTEAD;
    if ((recoveryInfo(promise)?.fallback === true) !== isInstead) wrong.push(`the caller is told ${JSON.stringify(recoveryInfo(promise))}`);
  }
  while (running > 0) await sleep(1);
  if (isListening && kept.length > 0 && ended !== 1) wrong.push(`${ended} ends of one call`);
  await app.stop();
  expect(wrong).toEqual([]);
}

describe('any marks at a method or its class', () => {
  it('tell the undo, or the caller, what has been done', { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(given, play), { numRuns: RUNS });
  });
});
