import { defineSaga, defineStep, RefusedError, StoreUnavailableError } from '@redress/core';
import type { RunContext } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

describe("a child that was undone, behind its parent's pivot", () => {
  it('leaves the parent stuck: its key leads to its end, and a person completes the step', async () => {
    const world = new World();
    let calls = 0;
    const pay = defineStep('pay', { pivot: true, irreversible: 'paid' }, async () => {});
    const child = defineSaga('child', {}, async (run) => {
      calls += 1;
      await run.sleep('1s');
      throw new RefusedError('no seat');
    });
    const parent = defineSaga('parent', { id: () => 'x' }, async (run) => {
      const [booked] = await Promise.all([run.child(child), run.step(pay)]);
      return booked;
    });
    const { runtime } = world.process({ sagas: [parent, child], steps: [pay] });
    const error = await world.clock.until(runtime.run(parent, []).catch((one: unknown) => one));
    expect(error).toMatchObject({ code: 'SAGA_STUCK', details: { step: '@saga child' } });
    expect(calls).toBe(2);
    await runtime.admin.completeStep('parent', 'x', '@saga child', 'booked by hand', { who: 'ann', why: 'called them' });
    expect(await world.clock.until(runtime.handle(parent, 'x').outcome())).toBe('booked by hand');
  });
});

/** A child of two steps, in a parent of a step before and one after it. */
function family(more: { child?: (run: RunContext) => unknown; parent?: () => unknown; undoFails?: () => boolean; pivot?: true } = {}) {
  const world = new World();
  const log: string[] = [];
  const step = (name: string, ms = 0) =>
    defineStep(
      name,
      {
        compensate: () => {
          log.push(`undo ${name}`);
          if (name === 'seat' && more.undoFails?.()) throw new Error('closed');
        },
        undo: { total: true, maxRetries: 1 },
      },
      async () => {
        log.push(name);
        if (ms > 0) await new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve));
        return name;
      },
    );
  const [seat, meal] = [step('seat'), step('meal', 100)];
  // Behind a pivot stands nothing that would have to be undone.
  const hotel = more.pivot ? defineStep('hotel', { irreversible: 'booked' }, async () => 'hotel') : step('hotel');
  const ticket = defineStep(
    'ticket',
    { irreversible: 'sold', ...(more.pivot ? { pivot: true as const } : {}) },
    async () => void log.push('ticket'),
  );
  const flight = defineSaga('flight', {}, async (run, to: string) => {
    await run.step(seat);
    await run.step(meal);
    if (more.pivot) await run.step(ticket);
    await more.child?.(run);
    return `flight to ${to}`;
  });
  const trip = defineSaga('trip', { id: () => 't' }, async (run) => {
    const booked = await run.child(flight, 'Rome');
    const again = await run.step(hotel);
    await more.parent?.();
    return [booked, again];
  });
  const options = { sagas: [flight, trip], steps: [seat, meal, hotel, ticket], lease: 1_000 as const, poll: 50 };
  const process = world.process(options);
  const code = (end: Promise<unknown>): Promise<unknown> =>
    world.clock.until(
      end.catch((error: { code: string }) => error.code),
      3_600_000,
    );
  const childStatus = async (): Promise<unknown> =>
    (await world.store.scan({ kind: 'saga', name: 'flight' })).heads.map(({ status }) => status);
  return { world, log, trip, options, process, code, childStatus };
}

const fail = (): never => {
  throw new Error('no more money');
};

describe('a saga that a saga calls', () => {
  it('I1 is a run of its own, and its result is the step’s', async () => {
    const { log, trip, process, code, childStatus } = family();
    expect(await code(process.runtime.run(trip, []))).toEqual(['flight to Rome', 'hotel']);
    expect(log).toEqual(['seat', 'meal', 'hotel']);
    expect(await childStatus()).toEqual(['completed']);
  });

  it('I2 C14 that completed is undone with its parent, in its place in the order', async () => {
    const { log, trip, process, code, childStatus } = family({ parent: fail });
    expect(await code(process.runtime.run(trip, []))).toBe('SAGA_COMPENSATED');
    expect(log.slice(3)).toEqual(['undo hotel', 'undo meal', 'undo seat']);
    expect(await childStatus()).toEqual(['compensated']);
  });

  it('I3 that was undone by itself fails its parent and is not touched again', async () => {
    const { log, trip, process, code, childStatus } = family({
      child: () => {
        throw new RefusedError('no plane');
      },
    });
    expect(await code(process.runtime.run(trip, []))).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['seat', 'meal', 'undo meal', 'undo seat']);
    expect(await childStatus()).toEqual(['compensated']);
  });

  it('is met again, and not begun twice, when the parent’s process died while it ran', async () => {
    const { world, log, trip, options, process, code, childStatus } = family({ child: (run) => run.sleep(5_000) });
    void process.runtime.run(trip, []).catch(() => {});
    await world.clock.advance(500);
    process.kill();
    const two = world.process(options);
    expect(await code(two.runtime.handle(trip, 't').outcome())).toEqual(['flight to Rome', 'hotel']);
    expect(log).toEqual(['seat', 'meal', 'hotel']);
    expect(await childStatus()).toEqual(['completed']);
  });

  it('that is under way when its parent is cancelled is taken back before the parent ends', async () => {
    const { world, log, trip, process, code, childStatus } = family({ child: (run) => run.receive('never') });
    const end = process.runtime.run(trip, []);
    await world.clock.advance(500);
    await process.runtime.admin.cancel('trip', 't', { who: 'ann', why: 'changed her mind' });
    expect(await code(end)).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['seat', 'meal', 'undo meal', 'undo seat']);
    expect(await childStatus()).toEqual(['compensated']);
  });

  it('that is stuck going back makes its parent stuck; both go on when a person has helped the child', async () => {
    let closed = true;
    const { world, trip, process, code, childStatus } = family({ parent: fail, undoFails: () => closed });
    expect(await code(process.runtime.run(trip, []))).toBe('SAGA_STUCK');
    expect(await childStatus()).toEqual(['stuck']);
    const view = await process.runtime.admin.show('trip', 't');
    expect(view.steps.map(({ operation, undo }) => [operation, undo])).toEqual([
      ['@saga flight', 'stuck'],
      ['hotel', 'undone'],
    ]);
    closed = false;
    const audit = { who: 'ann', why: 'the airline is open' };
    const [child] = (await process.runtime.admin.list({ saga: 'flight' })).runs;
    await process.runtime.admin.retry('flight', child?.id ?? '', audit);
    await world.clock.advance(1_000);
    await process.runtime.admin.retry('trip', 't', audit);
    expect(await code(process.runtime.handle(trip, 't').outcome())).toBe('SAGA_COMPENSATED');
    expect(await childStatus()).toEqual(['compensated']);
  });

  it('with a pivot that has passed is a pivot of its parent: nothing is undone any more', async () => {
    const { log, trip, process, code } = family({ pivot: true, parent: fail });
    expect(await code(process.runtime.run(trip, []))).toBe('SAGA_STUCK');
    expect(log.filter((one) => one.startsWith('undo'))).toEqual([]);
    expect(await process.runtime.admin.show('trip', 't')).toMatchObject({ pivot: 'passed', status: 'stuck' });
  });

  it('is undone by a process that never ran either', async () => {
    const { world, log, trip, options, process, code, childStatus } = family({ parent: () => new Promise(() => {}) });
    void process.runtime.run(trip, []).catch(() => {});
    await world.clock.advance(500);
    process.kill();
    await world.process({ worker: false }).runtime.admin.cancel('trip', 't', { who: 'ann', why: 'no' });
    const two = world.process(options);
    expect(await code(two.runtime.handle(trip, 't').outcome())).toBe('SAGA_COMPENSATED');
    expect(log.slice(3)).toEqual(['undo hotel', 'undo meal', 'undo seat']);
    expect(await childStatus()).toEqual(['compensated']);
  });

  const audit = { who: 'ann', why: 'to look at it' };

  it('with a pivot that has passed makes a cancel of its parent come too late, also while it is under way', async () => {
    const { world, trip, process, code, childStatus } = family({ pivot: true, child: (run) => run.sleep(5_000) });
    const end = process.runtime.run(trip, []);
    await world.clock.advance(1_000);
    await process.runtime.admin.cancel('trip', 't', audit);
    await world.clock.advance(1_000);
    expect(await process.runtime.admin.show('trip', 't')).toMatchObject({ status: 'running', pivot: 'passed' });
    await expect(process.runtime.admin.cancel('trip', 't', audit)).rejects.toThrow(/too late/);
    expect(await code(end)).toEqual(['flight to Rome', 'hotel']);
    expect(await childStatus()).toEqual(['completed']);
  });

  it('with a pivot makes the deadline of its parent come too late for the next process too', async () => {
    const { world, trip, options, process, code, childStatus } = family({ pivot: true, child: (run) => run.sleep(5_000) });
    void process.runtime.run(trip, [], { deadline: '3s' }).catch(() => {});
    await world.clock.advance(1_000);
    process.kill();
    await world.clock.advance(60_000);
    const two = world.process(options);
    expect(await code(two.runtime.handle(trip, 't').outcome())).toEqual(['flight to Rome', 'hotel']);
    expect(await childStatus()).toEqual(['completed']);
  });

  it('whose pivot is under way is waited for: refused, its parent goes back after all', async () => {
    const world = new World();
    const log: string[] = [];
    const seat = defineStep('seat', { compensate: () => void log.push('undo seat'), undo: { total: true } }, async () => {});
    const pay = defineStep('pay', { irreversible: 'paid', pivot: true }, async () => {
      await new Promise<void>((resolve) => void world.clock.setTimer(2_000, resolve));
      throw new RefusedError('no money');
    });
    const order = defineSaga('order', {}, async (run) => {
      await run.step(seat);
      await run.step(pay);
    });
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => run.child(order));
    const { runtime } = world.process({ sagas: [order, trip], steps: [seat, pay], poll: 50 });
    const end = runtime.run(trip, []).catch((error: { code: string; cause: { code: string } }) => [error.code, error.cause.code]);
    await world.clock.advance(500);
    await runtime.admin.cancel('trip', 't', audit);
    await world.clock.advance(1_000);
    expect(await runtime.admin.show('trip', 't')).toMatchObject({ status: 'running' });
    const [code] = (await world.clock.until(end, 60_000)) as [string, string];
    expect(code).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo seat']);
  });

  it('that passes its pivot while its parent goes back is not called undone', async () => {
    let paid = (): void => {};
    const payment = new Promise<void>((resolve) => (paid = resolve));
    const world = new World();
    const pay = defineStep('pay', { irreversible: 'paid', pivot: true }, () => payment);
    const order = defineSaga('order', {}, async (run) => run.step(pay));
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => run.child(order));
    const { runtime } = world.process({ sagas: [order, trip], steps: [pay], poll: 50 });
    const end = runtime.run(trip, []).catch((error: { code: string }) => error.code);
    await world.clock.advance(500);
    await runtime.admin.cancel('trip', 't', audit);
    await world.clock.advance(500);
    paid();
    expect(await world.clock.until(end, 60_000)).toBeUndefined();
    expect(await runtime.admin.show('trip', 't')).toMatchObject({ status: 'completed', pivot: 'passed' });
  });

  it('that was held when it completed can be released, and is undone then', async () => {
    let failed = false;
    const { world, trip, process, code, childStatus } = family({
      parent: async () => {
        failed = true;
        await new Promise<void>((resolve) => void world.clock.setTimer(500, resolve));
        fail();
      },
    });
    const end = process.runtime.run(trip, []);
    await world.clock.advance(50);
    const [child] = (await process.runtime.admin.list({ saga: 'flight' })).runs;
    await process.runtime.admin.hold('flight', child?.id ?? '', audit);
    await world.clock.advance(2_000);
    expect(failed).toBe(true);
    expect(await childStatus()).toEqual(['compensating']);
    await process.runtime.admin.release('flight', child?.id ?? '', audit);
    expect(await code(end)).toBe('SAGA_COMPENSATED');
    expect(await childStatus()).toEqual(['compensated']);
  });

  it('finds room in a process that takes one run at a time, although its parent waits for it there', async () => {
    const { world, trip, options, process, code } = family({ child: (run) => run.sleep(5_000) });
    void process.runtime.run(trip, []).catch(() => {});
    await world.clock.advance(500);
    process.kill();
    const two = world.process({ ...options, maxConcurrentRuns: 1 });
    expect(await code(two.runtime.handle(trip, 't').outcome())).toEqual(['flight to Rome', 'hotel']);
  });

  it('does not fail because the store was away, or because its process stopped', async () => {
    const world = new World();
    const log: string[] = [];
    const seat = defineStep('seat', { compensate: () => void log.push('undo seat') }, async () => void log.push('seat'));
    const flight = defineSaga('flight', {}, async (run) => run.step(seat));
    const trip = defineSaga('trip', { id: () => 't' }, async (run) => {
      await run.step(seat);
      await run.child(flight);
      return 'there';
    });
    const options = { sagas: [flight, trip], steps: [seat], lease: 1_000, poll: 50 } as const;
    const one = world.process({ ...options, drain: 0 }, (store) => ({
      async commit(change) {
        // The intent of the child becomes durable while the process is told to stop.
        if (change.entries.some(({ key }) => key === 'step:2')) void one.runtime.stop();
        return store.commit(change);
      },
    }));
    void one.runtime.run(trip, []).catch(() => {});
    await world.clock.advance(2_000);
    let away = 1;
    const two = world.process(options, (store) => ({
      async load(id, page) {
        if (id.startsWith('flight/') && page?.limit === 0 && away-- > 0) throw new StoreUnavailableError('away');
        return store.load(id, page);
      },
    }));
    expect(await world.clock.until(two.runtime.handle(trip, 't').outcome(), 60_000)).toBe('there');
    expect(log).not.toContain('undo seat');
  });
});
