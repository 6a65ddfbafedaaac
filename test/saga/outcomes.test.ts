import { currentScope, defineSaga, defineStep, RedressError, RefusedError, SagaCompensatedError } from '@redress/core';
import type { Call, Interceptor, Matcher, UndoOf } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

type AnyUndo = UndoOf<readonly [string], string>;

/** Runs a saga of one step that behaves as told, and answers its undos and what its caller got. */
async function runOne(body: () => Promise<string>, more: { refusedOn?: Matcher[]; policies?: Interceptor[]; total?: boolean } = {}) {
  const undos: AnyUndo[] = [];
  const world = new World();
  const { total = true, ...options } = more;
  const step = defineStep(
    'pay',
    { ...options, compensate: (undo: AnyUndo) => void undos.push(undo), undo: { total } },
    async (_who: string) => body(),
  );
  const after = defineStep('after', { readOnly: true }, async () => {
    throw new RefusedError('no');
  });
  const saga = defineSaga('one', {}, async (run, who: string) => {
    await run.step(step, who);
    await run.step(after);
  });
  const { runtime, events } = world.process({ sagas: [saga], steps: [step, after] });
  const error: unknown = await world.clock.until(runtime.run(saga, ['ann']).catch((e: unknown) => e));
  return { undos, error, events, world };
}

/** Repeats once, whatever happened, and tells the step of the first failure. */
const again: Interceptor = async (call: Call, next) => {
  try {
    return await next();
  } catch (error) {
    call.onAttemptFailed?.(error);
    call.attempt += 1;
    return next();
  }
};

class Declined extends Error {
  override name = 'Declined';
}

const refusedConnection = (): Error => Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });

/** Throws the given errors one after the other, then answers. */
function failing(...errors: Error[]): () => Promise<string> {
  return async () => {
    const error = errors.shift();
    if (error) throw error;
    return 'ok';
  };
}

describe('the outcome of a step', () => {
  it('is done when it returned, and its undo gets the result', async () => {
    const { undos } = await runOne(failing());
    expect(undos).toMatchObject([{ outcome: 'done', result: 'ok', args: ['ann'], alsoUnknown: false }]);
  });

  it('D5 is refused for a RefusedError: nothing is undone', async () => {
    expect((await runOne(failing(new RefusedError('no money')))).undos).toEqual([]);
  });

  it('is refused for an error in refusedOn: nothing is undone', async () => {
    expect((await runOne(failing(new Declined()), { refusedOn: [Declined] })).undos).toEqual([]);
  });

  it('C7 D4 is unknown for any other error: it is undone without a result', async () => {
    const { undos } = await runOne(failing(new Error('socket hang up')));
    expect(undos).toMatchObject([{ outcome: 'unknown', args: ['ann'] }]);
    expect(undos[0]).not.toHaveProperty('result');
  });

  it('E8 is unknown for a TypeError', async () => {
    expect((await runOne(failing(new TypeError('x is undefined')))).undos).toMatchObject([{ outcome: 'unknown' }]);
  });

  it('C11 is refused when every attempt was never executed', async () => {
    const { undos } = await runOne(failing(refusedConnection(), refusedConnection()), { policies: [again] });
    expect(undos).toEqual([]);
  });

  it('stays unknown when an attempt was unknown, whatever a later one says', async () => {
    for (const later of [new RefusedError('no money'), refusedConnection()]) {
      const { undos } = await runOne(failing(new Error('reset'), later), { policies: [again] });
      expect(undos).toMatchObject([{ outcome: 'unknown' }]);
    }
  });

  it('is done and also unknown when an attempt before the last was unknown', async () => {
    const { undos } = await runOne(failing(new Error('reset')), { policies: [again] });
    expect(undos).toMatchObject([{ outcome: 'done', result: 'ok', alsoUnknown: true }]);
  });

  it('C9 is unknown when the result cannot be kept, and the body gets the path', async () => {
    const bad = async (): Promise<string> => ({ deep: [{ fn: () => 1 }] }) as unknown as string;
    const { undos, error } = await runOne(bad);
    expect(undos).toMatchObject([{ outcome: 'unknown' }]);
    expect(error).toBeInstanceOf(SagaCompensatedError);
    expect((error as Error).cause).toMatchObject({ code: 'CODEC_FAILED', message: expect.stringContaining('result.deep[0].fn') });
  });

  it('C10 gives the caller the original error object as cause', async () => {
    const original = new Declined('card 4');
    const { error } = await runOne(failing(original));
    expect((error as Error).cause).toBe(original);
  });
});

describe('an error that a body catches', () => {
  it('is of its own class, when a step is declared to refuse with it, or when it is ours', async () => {
    const world = new World();
    const caught: unknown[] = [];
    const declines = defineStep('declines', { readOnly: true, refusedOn: [Declined] }, async () => {
      throw Object.assign(new Declined('card 4'), { card: 4 });
    });
    const refuses = defineStep('refuses', { readOnly: true }, async () => {
      throw new RefusedError('no', { code: 'NO' });
    });
    const saga = defineSaga('catching', {}, async (run) => {
      for (const step of [declines, refuses]) await run.step(step).catch((error: unknown) => caught.push(error));
    });
    const { runtime } = world.process({ sagas: [saga], steps: [declines, refuses] });
    await world.clock.until(runtime.run(saga, []));
    expect(caught[0]).toBeInstanceOf(Declined);
    expect(caught[0]).toMatchObject({ message: 'card 4', card: 4 });
    expect(caught[1]).toBeInstanceOf(RefusedError);
    expect(caught[1]).toMatchObject({ code: 'NO', details: {} });
  });
});

describe('an undo', () => {
  it('of an unknown outcome that is not total is called a second time, later, with a key of its own', async () => {
    const { undos, world } = await runOne(failing(new Error('reset')), { total: false });
    expect(undos.map(({ late }) => late)).toEqual([false, true]);
    expect(new Set(undos.map(({ key }) => key)).size).toBe(2);
    // The lease of 10 s and the undo's time-out of 30 s are the default distance.
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(40_000);
  });

  it('of a known outcome is called once', async () => {
    const { undos } = await runOne(failing(), { total: false });
    expect(undos.map(({ late }) => late)).toEqual([false]);
  });

  it('has a key of its own, different from the key that the step sent', async () => {
    let key = '';
    const { undos } = await runOne(async () => {
      key = currentScope()?.step?.key ?? '';
      return 'ok';
    });
    expect(key).toMatch(/^one\/.+~.+\/pay$/);
    expect(undos).toMatchObject([{ forwardKey: key, key: `${key}/undo` }]);
  });
});

describe('arguments', () => {
  it('that cannot be encoded are refused before anything is written', async () => {
    const world = new World();
    const step = defineStep('s', { readOnly: true }, async (_f: unknown) => 1);
    const saga = defineSaga('args', { id: () => 'x' }, async (run) =>
      run.step(step, { f: () => 1 }).catch((e: unknown) => RedressError.is(e) && e.code),
    );
    const { runtime } = world.process({ sagas: [saga], steps: [step] });
    expect(await world.clock.until(runtime.run(saga, []))).toBe('CODEC_FAILED');
    const loaded = await world.store.load('args/x');
    expect(loaded?.entries.map(({ type }) => type)).toEqual(['saga.started', 'saga.completed']);
  });

  it('D10 reach the step and its undo as they were at the call, whatever the body or the step does to them', async () => {
    const world = new World();
    const seen: unknown[] = [];
    const step = defineStep(
      's',
      { compensate: (undo: UndoOf<[{ n: number }], void>) => void seen.push(undo.args[0].n) },
      async (o: { n: number }) => {
        seen.push(o.n);
        o.n = 99;
      },
    );
    const saga = defineSaga('mutate', {}, async (run) => {
      const object = { n: 1 };
      const first = run.step(step, object);
      object.n = 2;
      await first;
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [step] });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    expect(seen).toEqual([1, 1]);
  });
});
