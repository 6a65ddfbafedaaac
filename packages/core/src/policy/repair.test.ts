import { describe, expect, it } from 'vitest';
import { RefusedError } from '../base/errors.js';
import { detect } from './detect.js';
import { RepairFailedError } from './errors.js';
import { fallback } from './fallback.js';
import { guard } from './guard.js';
import { recoveryInfo } from './info.js';
import { repair } from './repair.js';
import type { RepairOptions } from './repair.js';
import { retry } from './retry.js';
import { timeout } from './timeout.js';
import { E, reset, watch, world } from './world.fixture.js';

class InvalidDataError extends Error {}
class Refused extends RefusedError {}

/** Sums numbers; refuses what is no number. */
const sum = (seen: unknown[][]) => async (items: unknown[]) => {
  seen.push([...items]);
  if (items.some((one) => typeof one !== 'number')) throw new InvalidDataError('no number');
  return (items as number[]).reduce((all, one) => all + one, 0);
};
const numbers = (items: unknown[]): unknown[] => [items.filter((one) => typeof one === 'number')];
const to = (options: Partial<RepairOptions>) => repair({ on: InvalidDataError, with: numbers, ...options });

describe('a repair', () => {
  it('RP-01 calls the body again with the repaired arguments, at once', async () => {
    const { clock, environment } = world();
    const seen: unknown[][] = [];
    const items = [1, 'x', 2];
    const guarded = guard(sum(seen), to({}), { environment });
    const answer = guarded(items);
    expect(await answer).toBe(3);
    expect([seen, clock.at, items]).toEqual([
      [
        [1, 'x', 2],
        [1, 2],
      ],
      0,
      [1, 'x', 2],
    ]);
    expect(recoveryInfo(answer)).toEqual({ attempts: 2, repaired: true, errors: [new InvalidDataError('no number')] });
  });

  it('RP-01 gives the repairer a copy, to any depth, which it may spoil', async () => {
    const order = { items: [{ id: 1, at: new Date(0) }], tags: new Map([['a', new Set([1])]]), self: undefined as unknown };
    order.self = order;
    const before = structuredClone(order);
    const spoil = (one: typeof order): unknown[] => {
      (one.items[0] as { id: number }).id = 9;
      one.items[0]?.at.setFullYear(1999);
      one.tags.get('a')?.add(2);
      expect(one.self).toBe(one);
      return [one];
    };
    let runs = 0;
    const guarded = guard(
      async (one: typeof order) => {
        if ((runs += 1) === 1) throw new InvalidDataError('once');
        return one.items[0]?.id;
      },
      to({ with: spoil }),
    );
    expect(await guarded(order)).toBe(9);
    expect(order).toEqual(before);
  });

  it('calls it again with the same arguments when the repair answers nothing', async () => {
    const given: unknown[] = [];
    let isOpen = false;
    const guarded = guard(
      async (x: object) => {
        given.push(x);
        if (!isOpen) throw new InvalidDataError('closed');
      },
      to({ with: () => void (isOpen = true) }),
    );
    const x = {};
    await guarded(x);
    expect(given).toEqual([x, x]);
    expect(given[1]).toBe(x);
  });

  it.each([3, 1, 0])('RP-02 shares the attempts with retry: at most maxRetries %i and one', async (maxRetries) => {
    const { clock, environment } = world();
    let runs = 0;
    const guarded = guard(
      async (_items: unknown[]) => {
        runs += 1;
        throw Object.assign(new InvalidDataError('never'), { code: 'ECONNRESET' });
      },
      to({ maxRepairs: 2 }),
      retry({ maxRetries, delay: 10, jitter: 'none', budget: false }),
      { environment },
    );
    const end = await clock.drive(guarded([]));
    expect([end?.status, runs]).toEqual(['rejected', maxRetries + 1]);
    expect((end as PromiseRejectedResult).reason).toBeInstanceOf(InvalidDataError);
  });

  it('makes its number of attempts when there is no retry, and then the last error comes out untouched', async () => {
    const errors: Error[] = [];
    const fail = async (_items: unknown[]): Promise<never> => {
      errors.push(Object.freeze(new InvalidDataError('never')));
      throw errors.at(-1);
    };
    const error: unknown = await guard(fail, to({ maxRepairs: 2 }))([]).catch((one: unknown) => one);
    expect(errors).toHaveLength(3);
    expect(error).toBe(errors[2]);
    expect(recoveryInfo(error)).toMatchObject({ attempts: 3, errors });
  });

  it('leaves other errors to retry', async () => {
    const { clock, environment } = world();
    let runs = 0;
    const guarded = guard(
      async () => {
        runs += 1;
        if (runs === 1) throw reset();
        if (runs === 2) throw new InvalidDataError('x');
        return runs;
      },
      to({ with: () => undefined }),
      retry({ budget: false }),
      { environment },
    );
    expect(await clock.drive(guarded())).toEqual({ status: 'fulfilled', value: 3 });
  });

  it('continues forward with a result that it answers', async () => {
    const read = guard(
      async () => ({ total: -3 }),
      detect((one: { total: number }) => one.total >= 0),
      repair({ on: 'BAD_RESULT', then: 'continue', with: (error: { result: { total: number } }) => ({ total: -error.result.total }) }),
    );
    const value = await read();
    expect(value).toEqual({ total: 3 });
    expect(recoveryInfo(value)).toMatchObject({ attempts: 1, repaired: true });
  });

  it('RP-03 verifies what it continues with: a result that is not good is not returned', async () => {
    const { environment, events } = world();
    const detector = detect((n: number) => n > 0);
    const on = { on: 'BAD_RESULT', then: 'continue', with: () => -2 } as const;
    const error: unknown = await guard(async () => -1, detector, repair(on), { environment })().catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'REPAIR_FAILED', cause: { result: -1 }, repairError: { result: -2 } });
    expect(events.map(({ name }) => name)).toContain('repair.failed');
    expect(await guard(async () => -1, detector, repair({ ...on, verify: false }))()).toBe(-2);
  });

  it.each(['retry', 'continue'] as const)(
    'RP-04 that throws gives an error with both causes, which the fallback sees (%s)',
    async (then) => {
      const failure = new InvalidDataError('first');
      const second = new E('second');
      const seen: unknown[] = [];
      const parts = [
        repair({ on: InvalidDataError, then, with: () => Promise.reject(second) }),
        fallback((order: string, error: unknown) => (seen.push([order, error]), 'instead')),
      ];
      let runs = 0;
      const fail = async (_order: string): Promise<string> => {
        runs += 1;
        throw failure;
      };
      const answer = guard(fail, ...parts)('o-1');
      expect(await answer).toBe('instead');
      expect(seen).toEqual([['o-1', expect.any(RepairFailedError)]]);
      expect(seen).toMatchObject([['o-1', { code: 'REPAIR_FAILED', cause: failure, repairError: second }]]);
      expect((seen as [[string, Error]])[0][1].cause).toBe(failure);
      expect(recoveryInfo(answer)).toMatchObject({ fallback: true, attempts: 1 });
      expect(runs).toBe(1);
    },
  );

  it('gives a fallback the arguments of the caller, not the repaired ones', async () => {
    const items = [1, 'x'];
    const fail = async (_items: unknown[]): Promise<unknown> => {
      throw new InvalidDataError('never');
    };
    const guarded = guard(
      fail,
      to({}),
      fallback((given: unknown[]) => given),
    );
    expect(await guarded(items)).toBe(items);
  });

  it('that answers neither arguments nor nothing has failed', async () => {
    const guarded = guard(sum([]), to({ with: (items: unknown[]) => items[0] }));
    await expect(guarded(['x'])).rejects.toMatchObject({ code: 'REPAIR_FAILED', repairError: expect.any(TypeError) as unknown });
  });

  it('does not repair what the caller has given up', async () => {
    const { clock, environment, until } = world();
    const repairs: unknown[] = [];
    const controller = new AbortController();
    const body = async (): Promise<never> => {
      await clock.sleep(10);
      throw new InvalidDataError('x');
    };
    const guarded = guard(body, to({ with: (...all) => void repairs.push(all) }), { environment });
    const end = watch(clock, guarded.with({ signal: controller.signal })());
    controller.abort(new E('gone'));
    await until(20);
    expect([repairs, (end.error as Error).message]).toEqual([[], 'x']);
  });

  it('calls nothing again when the caller leaves during the repair, or the time for all attempts is over', async () => {
    const { clock, environment, until } = world();
    let runs = 0;
    const body = async (): Promise<never> => {
      runs += 1;
      throw new InvalidDataError('x');
    };
    const slow = to({ with: () => clock.sleep(50) });
    const controller = new AbortController();
    const left = watch(clock, guard(body, slow, { environment }).with({ signal: controller.signal })());
    const late = watch(clock, guard(body, slow, timeout({ value: 20, scope: 'total' }), { environment })());
    clock.setTimer(10, () => controller.abort('gone'));
    await until(100);
    expect([left.error, left.at, runs]).toEqual(['gone', 50, 2]);
    expect(late).toMatchObject({ error: { code: 'TIMEOUT', scope: 'total' }, at: 20 });
  });

  it('never repairs aborts and errors of definition', async () => {
    for (const name of ['AbortError', 'ConfigurationError']) {
      const error = Object.assign(new Error('x'), { name });
      const guarded = guard(async () => Promise.reject(error), to({ on: [() => true], with: () => [] }));
      await expect(guarded()).rejects.toBe(error);
    }
  });

  it('calls what must not be repeated again only when it had no effect', async () => {
    const call = (error: Error) => {
      let runs = 0;
      const one = { operation: 'a', args: [], signal: undefined, attempt: 1, repeatable: false };
      const body = async (): Promise<number> => {
        if ((runs += 1) === 1) throw error;
        return runs;
      };
      return repair({ on: [() => true], with: () => undefined })(one, body).then(
        () => runs,
        () => runs,
      );
    };
    expect(await call(new InvalidDataError('unknown effect'))).toBe(1);
    expect(await call(new Refused('no effect'))).toBe(2);
    expect(await call(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))).toBe(2);
  });

  it.each([
    {},
    { on: [] },
    { on: 'x' },
    { on: 'x', with: 1 },
    { on: 'x', with: () => 1, maxRepairs: 0 },
    { on: 'x', with: () => 1, then: 'x' },
  ])('refuses %j', (options) => {
    expect(() => repair(options as never)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
