import { defineSaga, defineStep, RefusedError } from '@redress/core';
import type { RunStatus } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'looked into it' };

/** a, b and c are done, then the saga fails; the undo of b fails while `broken`. */
function stuckRun() {
  const world = new World();
  const log: string[] = [];
  const state = { broken: true };
  const step = (name: string) =>
    defineStep(
      name,
      {
        compensate: () => {
          log.push(`undo ${name}`);
          if (name === 'b' && state.broken) throw new Error('bank closed');
        },
        undo: { total: true, maxRetries: 1 },
      },
      async () => void log.push(name),
    );
  const [a, b, c] = [step('a'), step('b'), step('c')];
  const saga = defineSaga('sticky', { id: () => 'x' }, async (run) => {
    for (const one of [a, b, c]) await run.step(one);
    throw new Error('the first cause');
  });
  const process = world.process({ sagas: [saga], steps: [a, b, c] });
  const { admin } = process.runtime;
  const end = (): Promise<unknown> =>
    world.clock.until(
      process.runtime
        .handle(saga, 'x')
        .outcome()
        .then(
          () => 'completed',
          (error: { code: string }) => error.code,
        ),
    );
  const begin = async (): Promise<void> => {
    await world.clock.until(process.runtime.run(saga, []).catch(() => {}));
    log.length = 0;
  };
  return { world, log, state, process, admin, end, begin };
}

describe('a run that is stuck going back', () => {
  it('E12 C9 goes on with retry, from the undo that failed, with a fresh budget', async () => {
    const { begin, state, admin, end, log } = stuckRun();
    await begin();
    state.broken = false;
    await admin.retry('sticky', 'x', audit);
    expect(await end()).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo b', 'undo a']);
  });

  it('L5 is stuck again, with one more alert, when the retry fails', async () => {
    const { begin, world, process, admin, log } = stuckRun();
    await begin();
    await admin.retry('sticky', 'x', audit);
    await world.clock.advance(10_000);
    expect(log).toEqual(['undo b', 'undo b']);
    expect(process.events.filter(({ name }) => name === 'saga.stuck')).toHaveLength(2);
  });

  it('E13 goes on when a person says, with evidence, that the undo was done', async () => {
    const { begin, admin, end, log } = stuckRun();
    await begin();
    await admin.markCompensated('sticky', 'x', 'b', { ...audit, evidence: { receipt: 17 } });
    expect(await end()).toBe('SAGA_COMPENSATED');
    expect(log).toEqual(['undo a']);
    const view = await admin.show('sticky', 'x');
    expect(view.audit).toMatchObject([
      { verb: 'markCompensated', who: 'ann', why: 'looked into it', step: 'b', evidence: { receipt: 17 } },
    ]);
    expect(view.steps.map(({ operation, undo }) => [operation, undo])).toEqual([
      ['a', 'undone'],
      ['b', 'marked'],
      ['c', 'undone'],
    ]);
  });

  it('E14 ends mixed, never compensated, when the undo is waived', async () => {
    const { begin, admin, end, log } = stuckRun();
    await begin();
    await admin.waive('sticky', 'x', 'b', audit);
    expect(await end()).toBe('SAGA_MIXED');
    expect(log).toEqual(['undo a']);
    expect(await admin.show('sticky', 'x')).toMatchObject({ status: 'mixed', audit: [{ verb: 'waive', step: 'b' }] });
  });

  it('the waived undo of its first step is the last thing to settle', async () => {
    const world = new World();
    const only = defineStep(
      'only',
      { compensate: () => Promise.reject(new Error('no')), undo: { total: true, maxRetries: 0 } },
      async () => {},
    );
    const saga = defineSaga('one', { id: () => 'x' }, async (run) => {
      await run.step(only);
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [only] });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    await runtime.admin.waive('one', 'x', 'only', audit);
    await expect(world.clock.until(runtime.handle(saga, 'x').outcome())).rejects.toMatchObject({
      code: 'SAGA_MIXED',
      cause: { message: 'back' },
    });
  });

  it('L3 refuses verbs that do not fit, and names those that do', async () => {
    const { begin, admin } = stuckRun();
    await begin();
    const wrong: (() => Promise<unknown>)[] = [
      () => admin.completeStep('sticky', 'x', 'b', 1, audit),
      () => admin.refuseStep('sticky', 'x', 'b', audit),
      () => admin.markCompensated('sticky', 'x', 'a', { ...audit, evidence: 1 }),
      () => admin.waive('sticky', 'x', 'c', audit),
      () => admin.hold('sticky', 'x', audit),
      () => admin.release('sticky', 'x', audit),
      () => admin.cancel('sticky', 'x', audit),
    ];
    for (const verb of wrong)
      await expect(verb()).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED', legal: ['retry', 'markCompensated', 'waive', 'signal'] });
    await expect(admin.retry('sticky', 'y', audit)).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
  });
});

/** A saga that takes a step of `ms`, then another one. */
function slowRun(ms = 1_000) {
  const world = new World();
  const log: string[] = [];
  const step = (name: string) =>
    defineStep(name, { compensate: () => void log.push(`undo ${name}`), undo: { total: true } }, async () => {
      log.push(name);
      await new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve));
    });
  const [a, b] = [step('a'), step('b')];
  const saga = defineSaga('slow', { id: () => 'x' }, async (run) => {
    await run.step(a);
    await run.step(b);
    return 'done';
  });
  const options = { sagas: [saga], steps: [a, b], poll: 100 };
  const process = world.process(options);
  const code = (end: Promise<unknown>): Promise<unknown> =>
    world.clock.until(end.catch((error: { code: string; cause: { code: string } }) => [error.code, error.cause?.code]));
  return { world, log, saga, options, process, admin: process.runtime.admin, code };
}

describe('a cancel', () => {
  it('D4 takes a running run back, and asks the running step to stop', async () => {
    const { world, log, saga, process, admin, code } = slowRun();
    const end = process.runtime.run(saga, []);
    await world.clock.advance(100);
    await admin.cancel('slow', 'x', audit);
    expect(await code(end)).toEqual(['SAGA_COMPENSATED', 'SAGA_CANCELLED']);
    expect(log).toEqual(['a', 'undo a']);
  });

  it('D3 from another process, and after a restart of all, is honoured before anything is replayed', async () => {
    const { world, log, saga, options, process, code } = slowRun(10_000);
    void process.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    process.kill();
    const other = world.process({ ...options, worker: false });
    await other.runtime.admin.cancel('slow', 'x', audit);
    await world.clock.advance(20_000);
    const two = world.process(options);
    expect(await code(two.runtime.handle(saga, 'x').outcome())).toEqual(['SAGA_COMPENSATED', 'SAGA_CANCELLED']);
    expect(log).toEqual(['a', 'undo a']);
  });

  it('that overtakes the end is heeded at once, with what was written beside it', async () => {
    const world = new World();
    const log: string[] = [];
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
    const once = (name: string) =>
      defineStep(name, { compensate: () => void log.push(`undo ${name}`), repeatable: false }, () => pause(100));
    const [a, b] = [once('a'), once('b')];
    const saga = defineSaga('close', { id: () => 'x' }, async (run) => {
      await Promise.all([run.step(a), run.step(b)]);
      await pause(1);
    });
    const options = { sagas: [saga], steps: [a, b] };
    const other = world.process({ ...options, worker: false });
    // The outcome of a is on its way when the cancel is written; that of b and the end wait for it.
    let cancelled = false;
    const { runtime, events } = world.process(options, (store) => ({
      commit: async (change) => {
        const now = !cancelled && change.entries.some(({ key }) => key === 'step:1/outcome');
        cancelled ||= now;
        if (now) await pause(10);
        if (now) await other.runtime.admin.cancel('close', 'x', audit);
        return store.commit(change);
      },
    }));
    const error = await world.clock.until(runtime.run(saga, []).catch((one: unknown) => one));
    expect(error).toMatchObject({ code: 'SAGA_COMPENSATED', cause: { code: 'SAGA_CANCELLED' } });
    expect(log).toEqual(['undo b', 'undo a']);
    const names = events.map(({ name }) => name);
    expect(names).not.toContain('run.failed');
    expect(names.filter((name) => name === 'run.left')).toEqual([]);
  });

  it('A12 of a run that does not exist yet is met by its late start', async () => {
    const { log, saga, process, admin, code } = slowRun();
    await admin.cancel('slow', 'x', audit);
    expect(await code(process.runtime.run(saga, []))).toEqual(['SAGA_COMPENSATED', 'SAGA_CANCELLED']);
    expect(log).toEqual([]);
  });

  it('D2 a second one, while the run goes back, is recorded and interrupts nothing', async () => {
    const { world, log, saga, process, admin, code } = slowRun();
    const end = process.runtime.run(saga, []);
    await world.clock.advance(100);
    await admin.cancel('slow', 'x', audit);
    await admin.cancel('slow', 'x', { who: 'bob', why: 'impatient' });
    expect(await code(end)).toEqual(['SAGA_COMPENSATED', 'SAGA_CANCELLED']);
    expect(log).toEqual(['a', 'undo a']);
    expect((await admin.show('slow', 'x')).audit.map(({ who }) => who)).toEqual(['ann', 'bob']);
  });

  it('D5 of a run that has ended is refused', async () => {
    const { saga, process, admin, code } = slowRun(1);
    expect(await code(process.runtime.run(saga, []))).toBe('done');
    await expect(admin.cancel('slow', 'x', audit)).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED', legal: [] });
  });
});

describe('a deadline', () => {
  it('G1 takes the run back when it is over', async () => {
    const { world, log, saga, process, code } = slowRun();
    expect(await code(process.runtime.run(saga, [], { deadline: '1500ms' }))).toEqual(['SAGA_COMPENSATED', 'SAGA_DEADLINE']);
    expect(log).toEqual(['a', 'b', 'undo b', 'undo a']);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(1_500);
  });

  it('G4 that passed while no process was there fires once, at once, when one returns', async () => {
    const { world, log, saga, options, process, code } = slowRun(5_000);
    void process.runtime.run(saga, [], { deadline: '1m' }).catch(() => {});
    await world.clock.advance(100);
    process.kill();
    await world.clock.advance(600_000);
    const two = world.process(options);
    expect(await code(two.runtime.handle(saga, 'x').outcome())).toEqual(['SAGA_COMPENSATED', 'SAGA_DEADLINE']);
    expect(log).toEqual(['a', 'undo a']);
  });

  it('wakes a run that is parked longer than it', async () => {
    const world = new World();
    const saga = defineSaga('parked', { deadline: '1h' }, async (run) => run.receive('never'));
    const { runtime } = world.process({ sagas: [saga], poll: 60_000 });
    await expect(world.clock.until(runtime.run(saga, []))).rejects.toMatchObject({ cause: { code: 'SAGA_DEADLINE' } });
    expect(world.clock.monotonic()).toBeLessThan(3_700_000);
  });

  it('G13 of a run that is completed does nothing later', async () => {
    const { world, log, saga, process, code } = slowRun(10);
    expect(await code(process.runtime.run(saga, [], { deadline: '1s' }))).toBe('done');
    await world.clock.advance(10_000);
    expect(log).toEqual(['a', 'b']);
  });

  it('E16 does nothing to a run that goes back', async () => {
    const world = new World();
    let undos = 0;
    const a = defineStep(
      'a',
      {
        compensate: async () => {
          undos += 1;
          await new Promise<void>((resolve) => void world.clock.setTimer(5_000, resolve));
        },
        undo: { total: true },
      },
      async () => {},
    );
    const saga = defineSaga('back', {}, async (run) => {
      await run.step(a);
      throw new Error('first');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [a] });
    await expect(world.clock.until(runtime.run(saga, [], { deadline: '1s' }))).rejects.toMatchObject({ cause: { message: 'first' } });
    expect(undos).toBe(1);
  });
});

describe('a held run', () => {
  it('is not driven until it is released, and running steps end before', async () => {
    const { world, log, saga, process, admin, code } = slowRun();
    const end = process.runtime.run(saga, []);
    await world.clock.advance(100);
    await admin.hold('slow', 'x', audit);
    await world.clock.advance(60_000);
    expect(log).toEqual(['a']);
    expect(await admin.show('slow', 'x')).toMatchObject({ held: true, status: 'running', owner: null, dueAt: null });
    await expect(admin.hold('slow', 'x', audit)).rejects.toMatchObject({ legal: ['release', 'signal', 'cancel'] });
    await admin.release('slow', 'x', audit);
    expect(await code(end)).toBe('done');
    expect(log).toEqual(['a', 'b']);
  });

  it('keeps a cancel and a signal for later', async () => {
    const { world, log, saga, process, admin, code } = slowRun();
    const end = process.runtime.run(saga, []);
    await world.clock.advance(100);
    await admin.hold('slow', 'x', audit);
    await world.clock.advance(5_000);
    await admin.cancel('slow', 'x', audit);
    await world.clock.advance(5_000);
    expect(log).toEqual(['a']);
    await admin.release('slow', 'x', audit);
    expect(await code(end)).toEqual(['SAGA_COMPENSATED', 'SAGA_CANCELLED']);
    expect(log).toEqual(['a', 'undo a']);
  });
});

describe('a run that every process dies of', () => {
  it('B9 goes back after ten recoveries without progress', async () => {
    const world = new World();
    let calls = 0;
    const undone: string[] = [];
    const poison = defineStep('poison', { compensate: (undo) => void undone.push(undo.outcome), undo: { total: true } }, async () => {
      calls += 1;
      processes.at(-1)?.kill();
      await new Promise(() => {});
    });
    const saga = defineSaga('deadly', { id: () => 'x' }, async (run) => run.step(poison));
    const options = { sagas: [saga], steps: [poison], lease: 100 as const, poll: 50 };
    const processes = [world.process(options)];
    void processes[0]?.runtime.run(saga, []).catch(() => {});
    for (let i = 0; i < 12; i++) {
      await world.clock.advance(300);
      processes.push(world.process(options));
    }
    await world.clock.advance(1_000);
    expect(
      await world.clock.until(
        (processes.at(-1) as (typeof processes)[0]).runtime
          .handle(saga, 'x')
          .outcome()
          .catch((e: { cause: unknown }) => e.cause),
      ),
    ).toMatchObject({ code: 'SAGA_RECOVERY_LIMIT' });
    expect(calls).toBe(11);
    expect(undone).toEqual(['unknown']);
  });
});

describe('lists', () => {
  it('L1 find runs by saga, status, text, error and age, in pages', async () => {
    const world = new World();
    const saga = (name: string) =>
      defineSaga(name, { id: (n: number) => `order-${n}` }, async (_run, n) => {
        if (n % 3 === 0) throw new RefusedError(`no stock for ${n}`);
      });
    const [one, two] = [saga('one'), saga('two')];
    const { runtime } = world.process({ sagas: [one, two] });
    for (let n = 0; n < 30; n++) await world.clock.until(runtime.run(n % 2 ? one : two, [n]).catch(() => {}));
    const { admin } = runtime;
    const ids = async (query: Parameters<typeof admin.list>[0]): Promise<number> => (await admin.list(query)).runs.length;
    expect(await ids({})).toBe(30);
    expect(await ids({ saga: 'one' })).toBe(15);
    expect(await ids({ status: ['compensated'] })).toBe(10);
    expect(await ids({ status: ['completed', 'compensated'] })).toBe(30);
    expect(await ids({ text: 'no stock for 9' })).toBe(1);
    expect(await ids({ text: 'order-1' })).toBe(11);
    expect(await ids({ error: 'RefusedError' })).toBe(10);
    expect(await ids({ error: 'RangeError' })).toBe(0);
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await admin.list({ status: ['completed'], limit: 7, ...(after === undefined ? {} : { after }) });
      found.push(...page.runs.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(new Set(found).size).toBe(20);
    await world.clock.advance(3_600_000);
    expect(await ids({ olderThan: '30m' })).toBe(30);
    expect(await ids({ olderThan: '2h' })).toBe(0);
    expect((await admin.list({ status: ['compensated'], limit: 1 })).runs[0]).toMatchObject({
      status: 'compensated' as RunStatus,
      cause: { name: 'RefusedError', code: 'REFUSED' },
    });
  });

  it('purge what ended long ago, and never what is unfinished, stuck or mixed', async () => {
    const { begin, admin, world, process } = stuckRun();
    await begin();
    const done = defineSaga('done', { id: (n: number) => String(n) }, async (_run, _n) => 1);
    process.runtime.register({ sagas: [done] });
    for (let n = 0; n < 5; n++) await world.clock.until(process.runtime.run(done, [n]));
    await world.clock.advance(86_400_000);
    await world.clock.until(process.runtime.run(done, [9]));
    expect(await admin.purge({ endedBefore: '1h', limit: 2 })).toBe(2);
    expect(await admin.purge({ endedBefore: '1h' })).toBe(3);
    expect((await admin.list()).runs.map(({ saga, id }) => `${saga} ${id}`)).toEqual(['done 9', 'sticky x']);
    expect((await admin.health()).ready).toBe(true);
    await process.runtime.stop();
    expect(await admin.health()).toMatchObject({ live: true, ready: false });
  });
});
