import { RefusedError, currentScope, defineSaga, defineStep, redundant } from '@redress/core';
import type { RedundantOptions } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const hangs = (): Promise<number> => new Promise(() => {});
const refused = (): number => {
  throw new RefusedError('not here');
};

/** A step that asks replicas, in a saga that goes back: what its undo is told. */
async function undoOf(replicas: readonly (() => number | Promise<number>)[], options: RedundantOptions<number> = {}): Promise<unknown> {
  const world = new World();
  const undone: unknown[] = [];
  const ask = redundant(replicas, options);
  const reserve = defineStep('reserve', { compensate: ({ outcome, alsoUnknown }) => void undone.push({ outcome, alsoUnknown }) }, () =>
    ask(),
  );
  const saga = defineSaga('redundant', { id: () => 'x' }, async (run) => {
    await run.step(reserve);
    throw new Error('back');
  });
  const { runtime } = world.process({ sagas: [saga], steps: [reserve] });
  await world.clock.until(runtime.run(saga, []).catch(() => {}));
  return undone[0];
}

describe('a step that asks replicas', () => {
  it('is done and known when all agree, or have surely done nothing', async () => {
    expect(await undoOf([() => 7, () => 7, () => 7], { stragglers: 'await' })).toEqual({ outcome: 'done', alsoUnknown: false });
    expect(await undoOf([() => 7, () => 7, refused], { stragglers: 'await' })).toEqual({ outcome: 'done', alsoUnknown: false });
  });

  it('is also unknown when one was outvoted, failed, was too late or was not waited for', async () => {
    const failed = (): number => {
      throw new Error('after the effect');
    };
    for (const [other, options] of [
      [() => 9, { stragglers: 'await' }],
      [failed, { stragglers: 'await' }],
      [hangs, {}],
      [hangs, { stragglers: 'detach' }],
      [hangs, { stragglers: 'await', replicaTimeout: '1s' }],
      [() => -7, { stragglers: 'await', accept: (n: number) => n > 0 }],
    ] as const) {
      expect(await undoOf([() => 7, () => 7, other], options)).toEqual({ outcome: 'done', alsoUnknown: true });
    }
  });

  it('is unknown when there is no consensus', async () => {
    expect(await undoOf([() => 7, () => 8, () => 9])).toMatchObject({ outcome: 'unknown' });
  });

  it('gives its key to all replicas, and ends them when it is ended', async () => {
    const world = new World();
    const keys: unknown[] = [];
    const ended: unknown[] = [];
    const replica = (): Promise<number> => {
      const { key, signal } = currentScope()!.step!;
      keys.push(key);
      signal.addEventListener('abort', () => ended.push(key));
      return hangs();
    };
    const ask = redundant([replica, replica, replica]);
    const reserve = defineStep('reserve', { compensate: () => {} }, () => ask());
    const saga = defineSaga('redundant', { id: () => 'x' }, (run) => run.step(reserve));
    const { runtime } = world.process({ sagas: [saga], steps: [reserve] });
    const outcome = runtime.run(saga, []).catch((error: unknown) => error);
    await world.clock.advance(10);
    await runtime.admin.cancel('redundant', 'x', { who: 'ann', why: 'enough' });
    await world.clock.until(outcome);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(ended).toEqual(keys);
  });
});
