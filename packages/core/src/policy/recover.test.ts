import { describe, expect, it } from 'vitest';
import { TerminalError } from '../base/errors.js';
import { detect } from './detect.js';
import { TimeoutError } from './errors.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { hedge } from './hedge.js';
import { recoveryInfo } from './info.js';
import { recover } from './recover.js';
import type { RecoverAction, RecoverRule } from './recover.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, hangs, reset, watch, world } from './world.fixture.js';

class InvalidDataError extends Error {}
class ServiceUnavailable extends Error {}

const table: readonly RecoverRule[] = [
  { on: TimeoutError, action: 'retry', maxRetries: 2, delay: 0, multiplier: 2 },
  { on: InvalidDataError, action: 'repair', with: (text: string) => [text.trim()] },
  { on: ServiceUnavailable, action: 'fallback', method: (text: string, error: Error) => `other ${text} for ${error.message}` },
  { on: TerminalError, action: 'abort' },
];
const otherwise: RecoverAction = { action: 'degrade', value: 'less' };

describe('recovery by kind of error', () => {
  const set = (body: (text: string, run: number) => unknown) => {
    const w = world();
    let runs = 0;
    const starts: number[] = [];
    const guarded = guard(
      async (text: string) => {
        starts.push(w.clock.at);
        return body(text, (runs += 1));
      },
      recover(table, otherwise),
      timeout(100),
      { environment: w.environment },
    );
    return { ...w, guarded, starts };
  };

  it('RP-07 a time-out: again, with a longer time each time', async () => {
    const { clock, guarded, starts } = set((_, run) => (run < 3 ? hangs() : clock.sleep(350).then(() => 'late but there')));
    const answer = guarded('a');
    expect(await clock.drive(answer)).toEqual({ status: 'fulfilled', value: 'late but there' });
    expect(starts).toEqual([0, 100, 300]);
    expect(recoveryInfo(answer)).toMatchObject({ attempts: 3, errors: [{ timeoutMs: 100 }, { timeoutMs: 200 }] });
    expect(recoveryInfo(answer)?.fallback).toBeUndefined();
    expect(clock.timers).toEqual([]);
  });

  it('RP-07 invalid data: sanitised, and again', async () => {
    const { guarded, starts } = set((text) => (text === text.trim() ? text : Promise.reject(new InvalidDataError('blanks'))));
    const answer = guarded(' a ');
    expect([await answer, starts]).toEqual(['a', [0, 0]]);
    expect(recoveryInfo(answer)).toMatchObject({ attempts: 2, repaired: true });
  });

  it('RP-07 a service that is away: another one', async () => {
    const { guarded, starts, count } = set(() => Promise.reject(new ServiceUnavailable('away')));
    const answer = guarded('a');
    expect([await answer, starts]).toEqual(['other a for away', [0]]);
    expect(recoveryInfo(answer)).toMatchObject({ attempts: 1, fallback: true });
    expect(recoveryInfo(answer)?.degraded).toBeUndefined();
    expect(count('fallback.applied')).toBe(1);
  });

  it('RP-07 anything else: a degraded answer, which can be told from a real one', async () => {
    const { guarded } = set(() => Promise.reject(new E('what?')));
    const answer = guarded('a');
    expect(await answer).toBe('less');
    expect(recoveryInfo(answer)).toMatchObject({ attempts: 1, fallback: true, degraded: true, errors: [new E('what?')] });
    expect(recoveryInfo(set(() => 'real').guarded('a'))).toBeUndefined();
  });

  it('abort: the error itself, and no other rule', async () => {
    const error = new TerminalError('stop');
    await expect(set(() => Promise.reject(error)).guarded('a')).rejects.toBe(error);
  });

  it('what a rule cannot do any more is left to the next one, and in the end to the default', async () => {
    const { clock, guarded, starts } = set(hangs);
    const answer = guarded('a');
    expect(await clock.drive(answer)).toEqual({ status: 'fulfilled', value: 'less' });
    expect(starts).toEqual([0, 100, 300]);
    expect(recoveryInfo(answer)).toMatchObject({ attempts: 3, reason: 'maxRetries', degraded: true });
  });

  it('RP-03 a repaired result that is not good is left to the next rule, which knows the first failure', async () => {
    const rules: RecoverRule[] = [
      { on: 'Negative', action: 'repair', then: 'continue', with: () => -2 },
      { on: 'Negative', action: 'fallback', method: (error: Error & { cause: unknown }) => [error.name, error.cause] },
    ];
    const check = detect({ check: (n: number) => n > 0, kind: 'Negative' });
    expect(await guard(async () => -1, check, recover(rules))()).toMatchObject(['RepairFailedError', { result: -1 }]);
  });

  it('RP-04 the fallback outside of the table sees what is left', async () => {
    const rules: RecoverRule[] = [{ on: E, action: 'repair', with: () => Promise.reject(new E('two')) }];
    const guarded = guard(
      async () => Promise.reject(new E('one')),
      recover(rules),
      fallback((error: Error) => error.message),
    );
    expect(await guarded()).toBe('guarded failed: one. Its repair failed too: two');
  });

  it('a fallback that fails has the first failure as its cause, and its own error comes out', async () => {
    const first = new E('one');
    const rules: RecoverRule[] = [{ on: E, action: 'fallback', method: () => Promise.reject(new InvalidDataError('two')) }];
    const error: unknown = await guard(async () => Promise.reject(first), recover(rules))().catch((one: unknown) => one);
    expect(error).toMatchObject({ message: 'two', cause: first });
    expect(recoveryInfo(error)?.errors).toEqual([first, error]);
  });

  it('RP-02 all rules and retry have one number of attempts', async () => {
    const { clock, environment } = world();
    let runs = 0;
    const rules: RecoverRule[] = [
      { on: 'A', action: 'repair', with: () => undefined, maxRepairs: 2 },
      { on: ['A', 'B'], action: 'retry', maxRetries: 3, delay: 1 },
    ];
    const fail = async (): Promise<never> => {
      throw Object.assign(new E('x'), { name: (runs += 1) % 2 === 1 ? 'A' : 'B', retryable: true });
    };
    await clock.drive(guard(fail, recover(rules), { environment })());
    expect(runs).toBe(4);
    runs = 0;
    await clock.drive(guard(fail, recover(rules), retry({ maxRetries: 5, budget: false }), { environment })());
    expect(runs).toBe(6);
    runs = 0;
    await clock.drive(guard(fail, recover(rules), retry({ maxRetries: 1, budget: false }), { environment })());
    expect(runs).toBe(2);
  });

  it('owns the repetitions of calls within, as retry does', async () => {
    let runs = 0;
    const rules: RecoverRule[] = [{ on: 'ECONNRESET', action: 'retry', maxRetries: 2, delay: 0 }];
    const layer = (fn: () => Promise<unknown>) => guard(fn, recover(rules));
    await layer(layer(layer(async () => Promise.reject(((runs += 1), reset())))))().catch(() => {});
    expect(runs).toBe(3);
  });

  it('draws on the retry budget of its class, and gives up without a pause when it is empty', async () => {
    const { clock, environment } = world();
    const name = 'Shop.pay';
    let runs = 0;
    const rules: RecoverRule[] = [{ on: 'ECONNRESET', action: 'retry', maxRetries: 1, delay: 0 }];
    const guarded = guard(async () => Promise.reject(((runs += 1), reset())), recover(rules), { environment, name });
    for (let i = 0; i < 200; i++) await clock.drive(guarded());
    // The reserve is 100, and a fifth of the calls.
    expect(runs).toBe(200 + 100 + 40);
  });

  it('asks again for a result that retryOnResult turns down, and answers the last one', async () => {
    const { clock, environment } = world();
    let runs = 0;
    const guarded = guard(
      async () => (runs += 1),
      recover([{ on: E, action: 'abort' }], { action: 'degrade', value: 'less' }),
      retry({ maxRetries: 2, retryOnResult: () => true, budget: false }),
      { environment },
    );
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 3 });
  });

  it('works with copies of a hedged call', async () => {
    const { clock, environment } = world();
    let copies = 0;
    const rules: RecoverRule[] = [{ on: TimeoutError, action: 'retry', delay: 0, multiplier: 3 }];
    const body = (): Promise<unknown> => ((copies += 1) < 3 ? hangs() : clock.sleep(150).then(() => copies));
    const guarded = guard(body, recover(rules), hedge({ delay: 50, maxLoad: 1, hedgeOn: [E] }), timeout(100), { environment });
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 4 });
  });

  it('ends a pause when the caller leaves', async () => {
    const { clock, environment, until } = world();
    const controller = new AbortController();
    const rules: RecoverRule[] = [{ on: E, action: 'retry', delay: 1000, jitter: 'none' }];
    const guarded = guard(async () => Promise.reject(Object.assign(new E('x'))), recover(rules, otherwise), { environment });
    const end = watch(clock, guarded.with({ signal: controller.signal })());
    clock.setTimer(20, () => controller.abort('gone'));
    await until(30);
    expect([end, clock.timers]).toEqual([{ error: 'gone', at: 20 }, []]);
  });

  it.each([
    [[{ action: 'abort' }]],
    [[{ on: E, action: 'pray' }]],
    [[{ on: E, action: 'retry', maxRetries: -1 }]],
    [[{ on: E, action: 'retry', multiplier: 0.5 }]],
    [[{ on: E, action: 'repair' }]],
    [[{ on: E, action: 'degrade' }]],
    [[{ on: E, action: 'degrade', value: 1, method: () => 1 }]],
    [[{ on: E, action: 'fallback', value: 1 }]],
    [[], { action: 'abort', on: E }],
  ])('refuses %j', (rules, other?: unknown) => {
    expect(() => recover(rules as never, other as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  it('refuses a multiplier without a time-out', () => {
    expect(() => guard(async () => 1, recover(table))).toThrow(/multiplier/);
  });
});
