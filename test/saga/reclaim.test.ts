import { defineSaga, defineStep, StoreUnavailableError } from '@redress/core';
import type { Head } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const code = (error: { code: string }): string => error.code;

/** As after a jump of the store's clock: the lease is over, and its owner does not know it. */
async function end(world: World, stream: string): Promise<void> {
  const head = (await world.store.load(stream))?.head as Head;
  await world.store.commit({ id: stream, expect: head, entries: [], head: { owner: null, wake: { inMs: 0 } } });
}

/** A run whose undo takes as long as told. */
function back(world: World, ms: number) {
  const seen = { calls: 0, under: 0, most: 0 };
  const compensate = async (): Promise<void> => {
    seen.calls += 1;
    seen.most = Math.max(seen.most, (seen.under += 1));
    await new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve));
    seen.under -= 1;
  };
  const a = defineStep('a', { compensate, undo: { total: true, timeout: '1h' } }, async () => {});
  const saga = defineSaga('back', { id: () => 'x' }, async (run) => {
    await run.step(a);
    throw new Error('back');
  });
  return { seen, a, saga };
}

describe('a process that claims its own run again while it undoes', () => {
  it('drives other runs meanwhile', async () => {
    const world = new World();
    const { seen, a, saga } = back(world, 120_000);
    const nap = defineSaga('nap', {}, (run) => run.sleep('1s'));
    const { runtime } = world.process({ sagas: [saga, nap], steps: [a], poll: 20 });
    const ended = runtime.run(saga, []).catch(code);
    await world.clock.advance(100);
    await end(world, 'back/x');
    await world.clock.advance(200);
    const from = world.clock.monotonic();
    await world.clock.until(runtime.run(nap, []), 60_000);
    expect(world.clock.monotonic() - from).toBeLessThan(2_000);
    expect(await world.clock.until(ended)).toBe('SAGA_COMPENSATED');
    expect(seen.most).toBe(1);
    expect((await world.store.load('back/x'))?.head.claims).toBe(0);
  });

  it('drives the child whose end that undo waits for', async () => {
    const world = new World();
    const c = defineStep('c', { compensate: async () => {}, undo: { lateEffectMs: 60_000 } }, async () => {
      throw new Error('perhaps');
    });
    const child = defineSaga('child', {}, async (run) => run.step(c).catch(() => {}));
    const parent = defineSaga('parent', { id: () => 'x' }, async (run) => {
      await run.child(child);
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [parent, child], steps: [c], poll: 20 });
    const ended = runtime.run(parent, []).catch(code);
    await world.clock.advance(1_000);
    expect(await runtime.admin.show('parent', 'x')).toMatchObject({ status: 'compensating' });
    await end(world, 'parent/x');
    expect(await world.clock.until(ended, 600_000)).toBe('SAGA_COMPENSATED');
  });

  it('and can be stopped', async () => {
    const world = new World();
    const { a, saga } = back(world, 120_000);
    const { runtime } = world.process({ sagas: [saga], steps: [a], poll: 20 });
    void runtime.run(saga, []).catch(code);
    await world.clock.advance(100);
    await end(world, 'back/x');
    await world.clock.advance(200);
    expect(await world.clock.until(runtime.stop({ drain: '1s' }), 60_000)).toBeUndefined();
  });

  it('lets it end also when it knows that it had lost the run', async () => {
    const world = new World();
    const { seen, a, saga } = back(world, 60_000);
    let away = false;
    const { runtime } = world.process({ sagas: [saga], steps: [a], poll: 20, lease: 1_000 }, (store) => ({
      renew: (...args) => (away ? Promise.reject(new StoreUnavailableError('away')) : store.renew(...args)),
      claim: (...args) => (away ? Promise.reject(new StoreUnavailableError('away')) : store.claim(...args)),
    }));
    const ended = runtime.run(saga, []).catch(code);
    await world.clock.advance(100);
    away = true;
    await world.clock.advance(5_000);
    away = false;
    expect(await world.clock.until(ended)).toBe('SAGA_COMPENSATED');
    expect(seen).toEqual({ calls: 2, under: 0, most: 1 });
  });
});
