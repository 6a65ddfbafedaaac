import { defineSaga, defineStep, RefusedError } from '@redress/core';
import type { RunContext, StepDefinition } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'changed her mind' };
const code = (error: { code: string }): string => error.code;

/** A pivot that is refused, and what a body makes of it. */
function shop(body: (run: RunContext, step: Readonly<Record<'pay' | 'a' | 'look', StepDefinition<[], unknown>>>) => Promise<unknown>) {
  const world = new World();
  const log: string[] = [];
  const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, async () => {
    throw new RefusedError('no money');
  });
  const a = defineStep('a', { compensate: () => void log.push('undo a'), undo: { total: true } }, async () => 'a');
  const look = defineStep('look', { readOnly: true }, async () => 'seen');
  const saga = defineSaga('shop', { id: () => 'x' }, (run) => body(run, { pay, a, look }));
  const options = { sagas: [saga], steps: [pay, a, look], poll: 50 };
  return { world, log, saga, options };
}

describe('what a run notes beside its status', () => {
  it('stands when its end comes too late: a cancel takes a run back whose pivot was refused just before', async () => {
    const { world, log, saga, options } = shop(async (run, { a, pay }) => {
      await run.step(a);
      await run.step(pay).catch(() => {});
      return 'unpaid';
    });
    const other = world.process({ ...options, worker: false });
    let cancelled = false;
    const { runtime } = world.process(options, (store) => ({
      async commit(change) {
        if (!cancelled && change.head?.status === 'completed') {
          cancelled = true;
          await other.runtime.admin.cancel('shop', 'x', audit);
        }
        return store.commit(change);
      },
    }));
    expect(await world.clock.until(runtime.run(saga, []).catch(code), 60_000)).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo a']);
    expect((await runtime.admin.show('shop', 'x')).pivot).toBe('none');
  });

  it('is written once: a deadline that is extended while the first commit is on its way back stays so', async () => {
    const { world, saga, options } = shop(async (run, { look, pay }) => {
      void run.step(look);
      await new Promise<void>((resolve) => void world.clock.setTimer(20, resolve));
      await run.step(pay).catch(() => {});
      await run.sleep('20s');
      return 'late';
    });
    const other = world.process({ ...options, worker: false });
    const { runtime } = world.process(options, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        if (change.expect === 'absent') await new Promise<void>((resolve) => void world.clock.setTimer(50, resolve));
        return done;
      },
    }));
    const end = runtime.run(saga, [], { deadline: 10_000 }).catch(code);
    await world.clock.advance(40);
    await other.runtime.admin.extend('shop', 'x', '1m', audit);
    await world.clock.advance(1_000);
    const found = await world.store.load('shop/x');
    expect(JSON.parse(found?.head.meta as string)).toMatchObject({ deadlineAt: world.clock.now() - 1_000 + 60_000 });
    expect(await world.clock.until(end)).toBe('late');
  });
});
