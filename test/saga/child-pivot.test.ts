import { defineSaga, defineStep, StoreUnavailableError } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'changed her mind' };

describe('a cancel that waits for the pivot of a child', () => {
  it('comes too late when the child has passed it and ended before it was asked again', async () => {
    const world = new World();
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, () => wait(2_000));
    const print = defineStep('print', { irreversible: 'paper' }, async () => {
      await wait(2_000);
      return 'printed';
    });
    const order = defineSaga('order', {}, async (run) => run.step(pay));
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => {
      await run.child(order);
      return run.step(print);
    });
    const { runtime } = world.process({ sagas: [order, trip], steps: [pay, print], poll: 50 });
    const end = runtime.run(trip, []).catch((error: { code: string }) => error.code);
    await world.clock.advance(500);
    await runtime.admin.cancel('trip', 't', audit);
    expect(await world.clock.until(end, 60_000)).toBe('printed');
    expect(await runtime.admin.show('trip', 't')).toMatchObject({ status: 'completed', pivot: 'passed', cancelRequested: true });
  });

  /** A parent whose deadline is over, and its child's pivot under way; its process is dead. */
  const leftInDoubt = async () => {
    const world = new World();
    const wait = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, () => wait(500));
    const order = defineSaga('order', {}, async (run) => run.step(pay));
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => {
      await run.child(order);
      return 'arrived';
    });
    const options = { sagas: [order, trip], steps: [pay], poll: 50, lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(trip, [], { deadline: 300 }).catch(() => {});
    await world.clock.advance(250);
    one.kill();
    // The child stays away, so that its parent is taken up before it.
    const [child] = (await world.process({ worker: false }).runtime.admin.list({ saga: 'order' })).runs;
    const stream = `order/${child?.id ?? ''}`;
    const head = (await world.store.load(stream))?.head;
    if (!head) throw new Error('no child');
    const away = (inMs: number): Promise<unknown> =>
      world.store
        .load(stream)
        .then((found) =>
          world.store.commit({ id: stream, expect: found?.head ?? head, entries: [], head: { owner: null, wake: { inMs } } }),
        );
    await away(5_000);
    return { world, trip, options };
  };

  it('takes no room meanwhile: a process that takes one run at a time goes on with the child', async () => {
    const { world, trip, options } = await leftInDoubt();
    const { runtime } = world.process({ ...options, maxConcurrentRuns: 1 });
    expect(await world.clock.until(runtime.handle(trip, 't').outcome(), 60_000)).toBe('arrived');
  });

  it('is put down when its process stops before a body was called, and goes on elsewhere', async () => {
    const { world, trip, options } = await leftInDoubt();
    let looks = 0;
    const one = world.process(options, (store) => ({
      load: (...given) => {
        if (given[1]?.limit === 0 && (looks += 1) > 1_000) throw new Error('it asks without a pause');
        return store.load(...given);
      },
    }));
    await world.clock.advance(2_000);
    expect(looks).toBeGreaterThan(2);
    const before = world.clock.monotonic();
    await world.clock.until(one.runtime.stop({ drain: '30s' }));
    expect(world.clock.monotonic() - before).toBeLessThan(1_000);
    expect(looks).toBeLessThan(1_000);
    expect((await world.store.load('trip/t'))?.head).toMatchObject({ owner: null, status: 'running' });
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(trip, 't').outcome(), 60_000)).toBe('arrived');
  });

  it('does not go back because the store did not say what became of it', async () => {
    const { world, trip, options } = await leftInDoubt();
    let lost = 0;
    const { runtime, events } = world.process(options, (store) => ({
      load: (...given) => {
        if (given[1]?.limit !== 0 || !given[0].startsWith('order/') || (lost += 1) > 3) return store.load(...given);
        return Promise.reject(new StoreUnavailableError('away'));
      },
    }));
    expect(await world.clock.until(runtime.handle(trip, 't').outcome(), 60_000)).toBe('arrived');
    expect(lost).toBeGreaterThan(3);
    expect(events.map(({ name }) => name)).not.toContain('run.failed');
  });
});

describe('the pivot of a child that has completed', () => {
  it('lets no step with an undo follow, whether the process lived on or not', async () => {
    const world = new World();
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, async () => {});
    const hotel = defineStep('hotel', { compensate: () => {} }, async () => 'booked');
    const order = defineSaga('order', {}, async (run) => run.step(pay));
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => {
      await run.child(order);
      return run.step(hotel).catch((error: { code: string }) => error.code);
    });
    const { runtime } = world.process({ sagas: [order, trip], steps: [pay, hotel], poll: 50 });
    expect(await world.clock.until(runtime.run(trip, []))).toBe('PIVOT_ORDER');
  });
});
