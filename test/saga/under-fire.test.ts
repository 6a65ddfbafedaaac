import { createRuntime, defineSaga, defineStep, retry, StoreUnavailableError } from '@redress/core';
import type { UndoOf } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { VirtualClock } from '@redress/testkit';
import { describe, expect, it } from 'vitest';
import { World, wrapStore } from './support.js';

const later = (clock: VirtualClock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));
const codeOf = (error: { code?: string }): string | undefined => error.code;

describe('a slow store', () => {
  it('loses no write that was asked for while another one was under way', async () => {
    for (const commitMs of [10, 25, 60, 120]) {
      const world = new World();
      const step = defineStep('work', { readOnly: true }, async (ms: number) => later(world.clock, ms));
      const saga = defineSaga('branches', { id: () => 'x' }, async (run) => {
        const branch = async (ms: number): Promise<void> => {
          for (let i = 0; i < 4; i++) await run.step(step, ms + i);
        };
        await Promise.all([5, 17, 31, 44, 70].map(branch));
        return 'done';
      });
      const { runtime } = world.process({ sagas: [saga], steps: [step], flush: 5 }, (store) => ({
        async commit(change) {
          await later(world.clock, commitMs);
          return store.commit(change);
        },
      }));
      expect(await world.clock.until(runtime.run(saga, []), 60_000)).toBe('done');
      expect((await world.store.load('branches/x'))?.head.status).toBe('completed');
    }
  });

  it('whose answer of the first commit was lost for most of a lease does not let a step start without one', async () => {
    const world = new World();
    const started: string[] = [];
    const step = (name: string) =>
      defineStep('pay', { readOnly: true }, async () => void started.push(`${name} ${world.clock.monotonic()}`));
    const [mine, theirs] = [step('mine'), step('theirs')];
    const sagaOf = (pay: typeof mine) => defineSaga('lost', { id: () => 'x' }, async (run) => run.step(pay));
    const [lost, found] = [sagaOf(mine), sagaOf(theirs)];
    let first = true;
    const one = world.process({ sagas: [lost], steps: [mine], lease: 1_000, worker: false }, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        if (!first) return done;
        first = false;
        await later(world.clock, 900);
        throw new StoreUnavailableError('the answer was lost');
      },
    }));
    void one.runtime.run(lost, []).catch(() => {});
    world.process({ sagas: [found], steps: [theirs], lease: 1_000, poll: 10 });
    await world.clock.advance(3_000);
    expect(started.map((one) => one.split(' ')[0])).toEqual(['theirs']);
  });

  it('that loses an answer, and then does not say what others have written, hides no cancel', async () => {
    const world = new World();
    const step = defineStep('work', { readOnly: true }, async () => later(world.clock, 500));
    const saga = defineSaga('deaf', { id: () => 'x' }, async (run) => {
      await run.step(step);
      await run.step(step);
      return 'done';
    });
    let commits = 0;
    let silent = false;
    const away = new StoreUnavailableError('the answer was lost');
    const one = world.process({ sagas: [saga], steps: [step] }, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        commits += 1;
        if (commits !== 2) return done;
        // The second intent is there, and somebody cancels before this process tries again.
        const other = world.process({ worker: false });
        await other.runtime.admin.cancel('deaf', 'x', { who: 'ann', why: 'no' });
        throw away;
      },
      async load(id, page) {
        if (commits < 3 || silent || page?.from === undefined) return store.load(id, page);
        silent = true;
        throw away;
      },
    }));
    const end = one.runtime.run(saga, []).catch(codeOf);
    expect(await world.clock.until(end, 60_000)).toBe('SAGA_COMPENSATED');
  });

  it('that is away while somebody waits is waited for', async () => {
    const world = new World();
    const saga = defineSaga('long', { id: () => 'x' }, async (run) => run.sleep(5_000));
    const one = world.process({ sagas: [saga] });
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    let away = true;
    const two = world.process({ sagas: [saga], worker: false }, (store) => ({
      load: (...args) => (away ? Promise.reject(new StoreUnavailableError('down')) : store.load(...args)),
    }));
    const outcome = two.runtime.handle(saga, 'x').outcome();
    await world.clock.advance(2_000);
    away = false;
    expect(await world.clock.until(outcome)).toBeUndefined();
  });
});

describe('errors that say more than they know', () => {
  const run = async (body: () => Promise<unknown>, more: object = {}) => {
    const world = new World();
    const undone: string[] = [];
    const pay = defineStep(
      'pay',
      { ...more, compensate: (undo: UndoOf<[], unknown>) => void undone.push(undo.outcome), undo: { total: true } },
      body,
    );
    const saga = defineSaga('errs', { id: () => 'x' }, async (one) => one.step(pay));
    const { runtime } = world.process({ sagas: [saga], steps: [pay] });
    const code = await world.clock.until(
      runtime.run(saga, []).then(() => 'done', codeOf),
      600_000,
    );
    return { undone, code };
  };

  it('a refused connection in the cause of an error is of another call: the step is undone', async () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(await run(() => Promise.reject(new Error('charged, but the log is away', { cause })))).toEqual({
      undone: ['unknown'],
      code: 'SAGA_COMPENSATED',
    });
  });

  it('fetch, which says nothing itself, may be refused by its cause', async () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(await run(() => Promise.reject(new TypeError('fetch failed', { cause })))).toEqual({ undone: [], code: 'SAGA_COMPENSATED' });
  });

  it('a matcher that throws does not match', async () => {
    const refusedOn = [(error: unknown) => (error as { response: { status: number } }).response.status === 402];
    expect(await run(() => Promise.reject(new Error('no response')), { refusedOn })).toEqual({
      undone: ['unknown'],
      code: 'SAGA_COMPENSATED',
    });
  });

  it('a result that throws when it is looked at is unknown', async () => {
    const result = {
      get broken(): never {
        throw new Error('lazy');
      },
    };
    expect(await run(async () => result)).toEqual({ undone: ['unknown'], code: 'SAGA_COMPENSATED' });
  });

  const odd: [string, unknown][] = [
    ['an object without a prototype', Object.create(null)],
    ['an object that cannot be shown', { toString: 1 }],
    ['nothing', undefined],
    ['a symbol', Symbol('x')],
    ['an error with a name of NUL', Object.assign(new Error('x'), { name: 'a\0b' })],
    ['an error whose name is a number', Object.assign(new Error('x'), { name: 7 })],
    ['an error whose message is an object', Object.assign(new Error('x'), { message: { a: 1 } })],
  ];
  for (const [name, thrown] of odd) {
    it(`${name}, thrown, takes the run back`, async () => {
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors, typescript/only-throw-error -- users' code does
      expect(await run(() => Promise.reject(thrown))).toEqual({ undone: ['unknown'], code: 'SAGA_COMPENSATED' });
    });
  }
});

describe('a body', () => {
  it('may do what it likes with its input: the same id and input stay the same run', async () => {
    const world = new World();
    const step = defineStep('s', { readOnly: true }, async () => later(world.clock, 100));
    const saga = defineSaga('mutating', { id: (order: { id: string; lines: number[] }) => order.id }, async (run, order) => {
      order.lines.sort((a, b) => a - b);
      await run.step(step);
      order.lines.push(99);
      return order.lines;
    });
    const options = { sagas: [saga], steps: [step] };
    const one = world.process(options);
    const input = () => ({ id: 'x', lines: [3, 1, 2] });
    const runs = [one.runtime.run(saga, [input()]), one.runtime.run(saga, [input()])];
    expect(await world.clock.until(Promise.all(runs))).toEqual([
      [1, 2, 3, 99],
      [1, 2, 3, 99],
    ]);
    expect(await world.clock.until(one.runtime.run(saga, [input()]))).toEqual([1, 2, 3, 99]);
    expect(await world.clock.until(world.process(options).runtime.run(saga, [input()]))).toEqual([1, 2, 3, 99]);
  });

  it('that calls more steps in one turn than a commit holds gets them all', async () => {
    const world = new World();
    const step = defineStep('s', { readOnly: true }, async (n: number) => n);
    const saga = defineSaga('fan', { id: () => 'x' }, async (run) => {
      const all = await Promise.all(Array.from({ length: 2_500 }, (_, n) => run.step(step, n)));
      return all.length;
    });
    const { runtime } = world.process({ sagas: [saga], steps: [step] });
    expect(await world.clock.until(runtime.run(saga, []))).toBe(2_500);
  });

  it('that waits for something that the journal does not know is replayed all the same', async () => {
    const world = new World();
    const step = defineStep('s', { readOnly: true }, async (ms: number) => later(world.clock, ms));
    const saga = defineSaga('foreign', { id: () => 'x' }, async (run) => {
      const odd = async (): Promise<void> => {
        await later(world.clock, 30);
        await run.step(step, 50);
      };
      await Promise.all([odd(), run.step(step, 10)]);
      await run.step(step, 3_000);
      return 'done';
    });
    const options = { sagas: [saga], steps: [step], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(500);
    one.kill();
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome(), 60_000)).toBe('done');
    expect(two.events.map(({ name }) => name)).not.toContain('saga.mismatch');
  });

  it('that returns while steps float is waited for, and they are named', async () => {
    const world = new World();
    const step = defineStep('floats', { readOnly: true }, async () => later(world.clock, 500));
    const saga = defineSaga('loose', { id: () => 'x' }, async (run) => {
      void run.step(step);
      return 'early';
    });
    const { runtime, events } = world.process({ sagas: [saga], steps: [step] });
    expect(await world.clock.until(runtime.run(saga, []))).toBe('early');
    expect(events.find(({ name }) => name === 'step.floating')).toMatchObject({ step: 'floats' });
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(500);
  });
});

describe('a stop', () => {
  it('gives a step whose intent was being written its drain, and nobody else starts it meanwhile', async () => {
    const world = new World();
    const log: string[] = [];
    const step = defineStep(
      'pay',
      { repeatable: false, compensate: (undo) => void log.push(`undo ${undo.outcome}`), undo: { total: true } },
      async () => {
        log.push('begins');
        await later(world.clock, 500);
        log.push('ends');
      },
    );
    const saga = defineSaga('stopped', { id: () => 'x' }, async (run) => run.step(step));
    const options = { sagas: [saga], steps: [step], poll: 20 };
    const one = world.process(options, (store) => ({
      async commit(change) {
        await later(world.clock, 50);
        return store.commit(change);
      },
    }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(20);
    const stopped = one.runtime.stop();
    const two = world.process(options);
    await world.clock.until(stopped);
    await world.clock.until(two.runtime.handle(saga, 'x').outcome());
    expect(log).toEqual(['begins', 'ends']);
  });

  it('tells waiting callers that the run goes on, also when the store is closed after it', async () => {
    const store = memoryStore();
    const hung = defineStep('hung', { readOnly: true }, () => new Promise<never>(() => {}));
    const saga = defineSaga('hangs', { id: () => 'x' }, async (run) => run.step(hung));
    const runtime = createRuntime({ store, sagas: [saga], steps: [hung] });
    const code = runtime.run(saga, []).catch(codeOf);
    await runtime.start(saga, []);
    await runtime.stop({ drain: 10 });
    await store.close();
    expect(await code).toBe('SAGA_STILL_RUNNING');
  });

  it('is heeded by a start that waits for its schema', async () => {
    const world = new World();
    const input = {
      '~standard': {
        version: 1 as const,
        vendor: 'slow',
        validate: async (value: unknown) => {
          await later(world.clock, 100);
          return { value };
        },
      },
    };
    const saga = defineSaga('checked', { id: () => 'x', input }, async () => 1);
    const { runtime, commits } = world.process({ sagas: [saga] });
    const code = runtime.run(saga, []).catch(codeOf);
    const stopped = runtime.stop();
    await world.clock.until(stopped);
    expect(await world.clock.until(code as Promise<unknown>)).toBe('RUNTIME_STOPPED');
    expect(commits).toEqual([]);
  });
});

describe('a process whose clock was stopped in a pause between two attempts', () => {
  it('does not undo again what another one has undone meanwhile', async () => {
    const world = new World();
    const own = new VirtualClock();
    const undos: string[] = [];
    const make = (name: string) => {
      const pay = defineStep(
        'pay',
        {
          compensate: () => {
            undos.push(name);
            if (name === 'loser') throw new Error('not yet');
          },
          undo: { total: true, delay: 1_000 },
        },
        async () => 1,
      );
      const saga = defineSaga('paused', { id: () => 'x' }, async (run) => {
        await run.step(pay);
        throw new Error('back');
      });
      return { saga, options: { sagas: [saga], steps: [pay] } };
    };
    const loser = make('loser');
    const one = world.process({ ...loser.options, lease: 60_000, worker: false }, undefined, own);
    void one.runtime.run(loser.saga, []).catch(() => {});
    await own.advance(10);
    expect(undos).toEqual(['loser']);
    const winner = make('winner');
    world.process(winner.options);
    await world.clock.advance(70_000);
    // As after SIGCONT: all that was due comes at once, in the order in which it was due.
    own.jump(70_000);
    await own.advance(5_000);
    expect(undos).toEqual(['loser', 'winner']);
  });

  it('does not repeat a step that another one has done meanwhile', async () => {
    const world = new World();
    const own = new VirtualClock();
    const calls: string[] = [];
    const make = (name: string, clock: VirtualClock) => {
      const policies = [retry({ maxRetries: 5, delay: 500, jitter: 'none' })];
      const pay = defineStep('pay', { readOnly: true, policies }, async () => {
        calls.push(name);
        if (name === 'loser') throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      });
      void clock;
      const saga = defineSaga('retried', { id: () => 'x' }, async (run) => run.step(pay));
      return { saga, options: { sagas: [saga], steps: [pay] } };
    };
    const loser = make('loser', own);
    const one = world.process({ ...loser.options, lease: 60_000, worker: false }, undefined, own);
    void one.runtime.run(loser.saga, []).catch(() => {});
    await own.advance(10);
    const winner = make('winner', world.clock);
    world.process(winner.options);
    await world.clock.advance(70_000);
    own.jump(70_000);
    await own.advance(5_000);
    expect(calls).toEqual(['loser', 'winner']);
  });
});

describe('news', () => {
  it('of a run that leaves this process are told with the reason', async () => {
    const world = new World();
    const step = defineStep('s', { readOnly: true }, async () => later(world.clock, 10_000));
    const saga = defineSaga('away', { id: () => 'x' }, async (run) => run.step(step));
    const one = world.process({ sagas: [saga], steps: [step], lease: 1_000 }, () => ({
      renew: () => Promise.reject(new StoreUnavailableError('down')),
    }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(2_000);
    expect(one.events.map(({ name }) => name)).toContain('lease.unrenewed');
    expect(one.events.find(({ name }) => name === 'run.left')).toMatchObject({
      id: 'x',
      details: { why: expect.stringContaining('lease') },
    });
  });

  it('of a store that is away are told', async () => {
    const store = wrapStore(memoryStore(), { commit: () => Promise.reject(new StoreUnavailableError('down')) });
    const saga = defineSaga('none', { id: () => 'x' }, async () => 1);
    const runtime = createRuntime({ store, sagas: [saga], worker: false });
    const names: string[] = [];
    runtime.environment.events.on('*', ({ name }) => names.push(name));
    await expect(runtime.run(saga, [])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(names).toContain('store.unavailable');
  });
});
