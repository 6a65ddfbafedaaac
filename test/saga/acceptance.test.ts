import { currentScope, defineSaga, defineStep, RefusedError, retry } from '@redress/core';
import type { RunContext } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const later = (world: World, ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
const codeOf = (error: { code?: string }): string | undefined => error.code;

/** n steps with undos; `at` says what a step does. */
function chain(n: number, at: (k: number, world: World) => unknown = () => {}) {
  const world = new World();
  const log: string[] = [];
  const keys: string[] = [];
  const steps = Array.from({ length: n }, (_, i) =>
    defineStep(
      `s${i + 1}`,
      {
        compensate: async (undo) => {
          log.push(`undo s${i + 1}${undo.outcome === 'unknown' ? '?' : ''}`);
          keys.push(`${undo.forwardKey} ${undo.key}`);
        },
        undo: { total: true },
        policies: [retry({ maxRetries: 2, delay: 1 })],
      },
      async () => {
        log.push(`s${i + 1}`);
        keys.push(currentScope()?.step?.key ?? '');
        await at(i + 1, world);
        return i + 1;
      },
    ),
  );
  const saga = defineSaga('chain', { id: (id: string) => id }, async (run: RunContext, _id: string) => {
    let last = 0;
    for (const step of steps) last = await run.step(step);
    return last;
  });
  return { world, log, keys, saga, options: { sagas: [saga], steps, lease: 1_000 as const, poll: 50 } };
}

describe('cases of public suites', () => {
  it('D14 failure at each step undoes exactly what may have had an effect', async () => {
    for (const refused of [true, false]) {
      for (let k = 1; k <= 5; k++) {
        const { world, log, saga, options } = chain(5, (step) => {
          if (step === k) throw refused ? new RefusedError('no') : new Error('who knows');
        });
        await world.clock.until(world.process(options).runtime.run(saga, ['x']).catch(codeOf));
        const undone = log.filter((one) => one.startsWith('undo'));
        const before = Array.from({ length: k - 1 }, (_, i) => `undo s${k - 1 - i}`);
        expect(undone).toEqual(refused ? before : [`undo s${k}?`, ...before]);
      }
    }
  });

  it('B7 C5 a process killed in the middle of going back leaves what is undone undone, and the next one does the rest', async () => {
    const { world, log, saga, options } = chain(4, (k) => {
      if (k === 4) throw new RefusedError('no');
    });
    let undos = 0;
    const one = world.process(options, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        if (change.entries.some(({ type }) => type === 'undo.completed') && ++undos === 2) {
          one.kill();
          return new Promise(() => {});
        }
        return done;
      },
    }));
    void one.runtime.run(saga, ['x']).catch(() => {});
    await world.clock.advance(500);
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome().catch(codeOf))).toBe('SAGA_COMPENSATED');
    expect(log.filter((entry) => entry.startsWith('undo'))).toEqual(['undo s3', 'undo s2', 'undo s1']);
  });

  it('F14 keys stay the same over attempts, crashes and processes; each undo has its own', async () => {
    let calls = 0;
    const { world, keys, saga, options } = chain(1, () => {
      calls += 1;
      if (calls < 3) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      if (calls === 3) return new Promise(() => {});
      throw new Error('for good');
    });
    const one = world.process(options);
    void one.runtime.run(saga, ['x']).catch(() => {});
    await world.clock.advance(500);
    one.kill();
    await world.clock.until(world.process(options).runtime.handle(saga, 'x').outcome().catch(codeOf));
    const forward = keys.slice(0, 4);
    expect(new Set(forward).size).toBe(1);
    expect(forward[0]).toMatch(/^chain\/x~[^/]+\/s1$/);
    expect(keys.at(-1)).toBe(`${forward[0]} ${forward[0]}/undo`);
  });

  it('F8 a refusal is recorded as data: a replay gives the same one and does not call the step', async () => {
    const world = new World();
    let calls = 0;
    const seen: unknown[] = [];
    const asks = defineStep('asks', { readOnly: true }, async () => {
      calls += 1;
      throw new RefusedError('no seats', { code: 'FULL', details: { left: 0 } });
    });
    const wait = defineStep('wait', { readOnly: true }, async () => later(world, 2_000));
    const saga = defineSaga('refusals', { id: () => 'x' }, async (run) => {
      await run.step(asks).catch((error: unknown) => seen.push(error));
      await run.step(wait);
    });
    const options = { sagas: [saga], steps: [asks, wait], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(500);
    one.kill();
    await world.clock.until(world.process(options).runtime.handle(saga, 'x').outcome());
    expect(calls).toBe(1);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[1]).toMatchObject({ code: 'FULL', message: 'no seats', details: { left: 0 } });
    expect(seen[1]).toBeInstanceOf(RefusedError);
  });

  it('F9 a body that throws at once, later, or rejects with nothing may have had its effect', async () => {
    const ways: (() => unknown)[] = [
      () => {
        throw new Error('at once');
      },
      async () => Promise.reject(new Error('later')),
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- users' code does
      async () => Promise.reject(undefined),
    ];
    for (const way of ways) {
      const { world, log, saga, options } = chain(1, way);
      expect(await world.clock.until(world.process(options).runtime.run(saga, ['x']).catch(codeOf))).toBe('SAGA_COMPENSATED');
      expect(log.at(-1)).toBe('undo s1?');
      expect((await world.store.load('chain/x'))?.head.owner).toBeNull();
    }
  });

  it('E22 a stop while an undo runs does not abort it, and lets it end', async () => {
    const world = new World();
    let aborted = false;
    let ended = false;
    const pay = defineStep(
      'pay',
      {
        compensate: async ({ signal }) => {
          signal.addEventListener('abort', () => (aborted = true));
          await later(world, 500);
          ended = true;
        },
        undo: { total: true },
      },
      async () => 1,
    );
    const saga = defineSaga('undoing', { id: () => 'x' }, async (run) => {
      await run.step(pay);
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [pay] });
    void runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    await world.clock.until(runtime.stop());
    expect({ aborted, ended }).toEqual({ aborted: false, ended: true });
    expect((await world.store.load('undoing/x'))?.head.status).toBe('compensated');
  });

  it('H10 E18 an unfinished run, and a stuck one, are kept for as long as it takes', async () => {
    const { world, saga, options } = chain(1, () => new Promise(() => {}));
    const one = world.process(options);
    void one.runtime.run(saga, ['x']).catch(() => {});
    await world.clock.advance(100);
    one.kill();
    await world.clock.advance(31 * 86_400_000);
    const other = world.process({ worker: false });
    expect(await other.runtime.admin.purge({ endedBefore: 0 })).toBe(0);
    expect((await world.store.load('chain/x'))?.entries.map(({ type }) => type)).toEqual(['saga.started', 'step.started']);
  });

  it('G5 H12 an end and a cancel that race have one winner, and the other is told', async () => {
    const endings = new Set<string>();
    for (let delay = 0; delay < 40; delay++) {
      const { world, log, saga, options } = chain(2, async (_k, w) => later(w, 10));
      const { runtime } = world.process(options);
      const end = runtime.run(saga, ['x']).then(
        () => 'completed',
        (error: { code: string }) => error.code,
      );
      await world.clock.advance(delay);
      const told = await runtime.admin.cancel('chain', 'x', { who: 'ann', why: 'race' }).then(() => 'cancelled', codeOf);
      const ending = await world.clock.until(end);
      endings.add(`${ending} ${told}`);
      const undone = log.filter((one) => one.startsWith('undo')).length;
      expect(undone).toBe(ending === 'completed' ? 0 : log.length - undone);
    }
    expect([...endings].sort()).toEqual(['SAGA_COMPENSATED cancelled', 'completed SAGA_VERB_REFUSED']);
  });

  it('L4 what happened, and what is due next, can be read without the journal', async () => {
    const { world, saga, options } = chain(2, (k) => {
      if (k === 2) throw new RefusedError('no money', { code: 'POOR' });
    });
    const { runtime } = world.process(options);
    await world.clock.until(runtime.run(saga, ['x']).catch(codeOf));
    expect(await runtime.admin.show('chain', 'x')).toMatchObject({
      status: 'compensated',
      cause: { name: 'RefusedError', message: 'no money', code: 'POOR' },
      args: ['x'],
      dueAt: null,
      steps: [
        { operation: 's1', outcome: 'done', result: 1, undo: 'undone' },
        { operation: 's2', outcome: 'refused', error: { message: 'no money' } },
      ],
    });
  });

  it('B3 a branch that a parked pass has forgotten writes and starts nothing', async () => {
    const world = new World();
    const log: string[] = [];
    const note = defineStep('note', { readOnly: true }, async (text: string) => void log.push(text));
    const saga = defineSaga('parks', { id: () => 'x' }, async (run) => {
      await run.step(note, 'begins');
      void later(world, 50).then(() => run.step(note, 'forgotten'));
      await run.receive('go');
      await run.step(note, 'goes on');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [note], poll: 1_000 });
    const end = runtime.run(saga, []);
    await world.clock.advance(500);
    expect(log).toEqual(['begins']);
    await runtime.signal(saga, 'x', 'go');
    await world.clock.until(end);
    expect(log).toEqual(['begins', 'goes on']);
  });

  it('A4 an outcome that waits for an intent is not forgotten when the body fails instead', async () => {
    const { world, saga, options } = chain(1);
    const throwing = defineSaga('throws', { id: () => 'x' }, async (run) => {
      await run.step(options.steps[0] as (typeof options.steps)[0]);
      throw new Error('in the body');
    });
    void saga;
    const { runtime } = world.process({ ...options, sagas: [throwing] });
    await world.clock.until(runtime.run(throwing, []).catch(codeOf));
    expect((await runtime.admin.show('throws', 'x')).steps).toMatchObject([{ outcome: 'done', result: 1, undo: 'undone' }]);
  });
});
