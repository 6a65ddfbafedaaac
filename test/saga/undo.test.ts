import { defineSaga, defineStep, RefusedError, SagaCompensatedError, SagaStuckError, TerminalError } from '@redress/core';
import type { Operation, UndoOf, UndoOptions } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

type AnyUndo = UndoOf<readonly [number], number>;

/** A step that notes its call and its undos; `undo` may be replaced. */
function noted(name: string, log: string[], undo: (u: AnyUndo) => unknown = () => {}, options: UndoOptions = {}) {
  const compensate = async (u: AnyUndo): Promise<void> => {
    log.push(`undo ${name} ${u.args[0]}`);
    await undo(u);
  };
  return defineStep(name, { compensate, undo: { total: true, ...options } }, async (n: number) => {
    log.push(`${name} ${n}`);
    return n * 10;
  });
}

const fails = defineStep('fails', { readOnly: true }, async () => {
  throw new RefusedError('no');
});

async function run(steps: Operation[], body: Parameters<typeof defineSaga<[], unknown>>[2], world = new World()) {
  const saga = defineSaga('undoing', { id: () => 'u-1' }, body);
  const process = world.process({ sagas: [saga], steps: [...steps, fails] });
  const error = await world.clock.until(
    process.runtime.run(saga, []).then(
      () => undefined,
      (e: unknown) => e,
    ),
  );
  return { error, world, ...process };
}

describe('going back', () => {
  it('C2 undoes in the reverse order of the starts, each once', async () => {
    const log: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => noted(name, log)) as [Noted, Noted, Noted];
    const { error } = await run([a, b, c], async (saga) => {
      for (const one of [a, b, c]) await saga.step(one, 1);
      await saga.step(fails);
    });
    expect(log).toEqual(['a 1', 'b 1', 'c 1', 'undo c 1', 'undo b 1', 'undo a 1']);
    expect(error).toBeInstanceOf(SagaCompensatedError);
  });

  it('C6 D2 counts the order of the starts, not that of the ends', async () => {
    const log: string[] = [];
    const world = new World();
    const slow = (name: string, ms: number) =>
      defineStep(name, { compensate: () => void log.push(`undo ${name}`) }, async (_n: number) => {
        await new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve));
        log.push(name);
        return 1;
      });
    const [a, b, c] = [slow('a', 200), slow('b', 300), slow('c', 100)];
    await run(
      [a, b, c],
      async (saga) => {
        await Promise.all([saga.step(a, 1), saga.step(b, 2), saga.step(c, 3)]);
        await saga.step(fails);
      },
      world,
    );
    expect(log).toEqual(['c', 'a', 'b', 'undo c', 'undo b', 'undo a']);
  });

  it('C15 D7 undoes each call of a loop with its own arguments, key and result', async () => {
    const log: string[] = [];
    const keys: string[] = [];
    const results: unknown[] = [];
    const a = noted('a', log, (u) => {
      keys.push(u.forwardKey.replace(/~.*\//, '~…/'));
      results.push(u.result);
    });
    await run([a], async (saga) => {
      for (const n of [1, 2, 3]) await saga.step(a, n);
      throw new Error('back');
    });
    expect(log.slice(3)).toEqual(['undo a 3', 'undo a 2', 'undo a 1']);
    expect(keys).toEqual(['undoing/u-1~…/a#3', 'undoing/u-1~…/a#2', 'undoing/u-1~…/a']);
    expect(results).toEqual([30, 20, 10]);
  });

  it('C17 D8 does not happen when the body catches the failure and ends well', async () => {
    const log: string[] = [];
    const a = noted('a', log);
    const { error } = await run([a], async (saga) => {
      await saga.step(a, 1);
      await saga.step(fails).catch(() => {});
    });
    expect(error).toBeUndefined();
    expect(log).toEqual(['a 1']);
  });

  it('B10 F3 waits for steps that are still running, and undoes them with what became known', async () => {
    const log: string[] = [];
    const world = new World();
    const slow = defineStep(
      'slow',
      { compensate: (u: UndoOf<[], string>) => void log.push(`undo slow ${u.outcome} ${u.result}`) },
      async () => {
        await new Promise<void>((resolve) => void world.clock.setTimer(1_000, resolve));
        log.push('slow ended');
        return 'late';
      },
    );
    await run([slow], async (saga) => Promise.all([saga.step(slow), saga.step(fails)]), world);
    expect(log).toEqual(['slow ended', 'undo slow done late']);
  });

  it('does not wait longer than the grace: then the step is undone as unknown', async () => {
    const log: string[] = [];
    const hung = defineStep(
      'hung',
      { compensate: (u: UndoOf<[], never>) => void log.push(`undo hung ${u.outcome}`), undo: { total: true } },
      () => new Promise<never>(() => {}),
    );
    const { error } = await run([hung], async (saga) => Promise.all([saga.step(hung), saga.step(fails)]));
    expect(log).toEqual(['undo hung unknown']);
    expect(error).toBeInstanceOf(SagaCompensatedError);
  });

  it('D15 leaves readers and irreversible steps alone, and records the reason', async () => {
    const read = defineStep('read', { readOnly: true }, async () => 1);
    const mail = defineStep('mail', { irreversible: 'a letter cannot be recalled' }, async () => 2);
    const { error, store } = await run([read, mail], async (saga) => {
      await saga.step(read);
      await saga.step(mail);
      await saga.step(fails);
    });
    expect(error).toBeInstanceOf(SagaCompensatedError);
    const loaded = await store.load('undoing/u-1');
    const intents = loaded?.entries.filter(({ type }) => type === 'step.started').map(({ data }) => String(data));
    expect(intents?.[1]).toContain('a letter cannot be recalled');
    expect(loaded?.head.status).toBe('compensated');
  });

  it('goes back too when a step that nobody awaited fails after the body returned', async () => {
    const log: string[] = [];
    const a = noted('a', log);
    const { error } = await run([a], async (saga) => {
      await saga.step(a, 1);
      void saga.step(fails);
      return 'fine';
    });
    expect(error).toBeInstanceOf(SagaCompensatedError);
    expect(log).toEqual(['a 1', 'undo a 1']);
  });
});

type Noted = ReturnType<typeof noted>;

describe('an undo that fails', () => {
  it('C16 is repeated with the same key, and one ending is recorded', async () => {
    const keys: string[] = [];
    const attempts: number[] = [];
    const a = noted('a', [], (u) => {
      keys.push(u.key);
      attempts.push(u.attempt);
      if (keys.length < 3) throw new Error('not yet');
    });
    const { error, store } = await run([a], async (saga) => {
      await saga.step(a, 1);
      throw new Error('back');
    });
    expect(new Set(keys).size).toBe(1);
    expect(attempts).toEqual([1, 2, 3]);
    expect(error).toBeInstanceOf(SagaCompensatedError);
    const { entries } = (await store.load('undoing/u-1')) ?? { entries: [] };
    expect(entries.filter(({ type }) => type === 'undo.completed')).toHaveLength(1);
  });

  it('C8 E9 for good leaves the run stuck: later steps are undone, earlier ones wait, the first cause stays', async () => {
    const log: string[] = [];
    const broken = (): never => {
      throw new Error('bank closed');
    };
    const [a, b, c, d] = [noted('a', log), noted('b', log), noted('c', log, broken, { maxRetries: 2 }), noted('d', log)];
    const { error, store, events } = await run([a, b, c, d], async (saga) => {
      for (const one of [a, b, c, d]) await saga.step(one, 1);
      throw new Error('the first cause');
    });
    expect(log.slice(4)).toEqual(['undo d 1', 'undo c 1', 'undo c 1', 'undo c 1']);
    expect(error).toBeInstanceOf(SagaStuckError);
    expect(error).toMatchObject({ code: 'SAGA_STUCK', cause: { message: 'the first cause' }, undoError: { message: 'bank closed' } });
    expect((await store.load('undoing/u-1'))?.head).toMatchObject({ status: 'stuck', owner: null, wakeAt: null });
    expect(events.filter(({ name }) => name === 'saga.stuck')).toHaveLength(1);
  });

  it('E17 that meets a conflict which no repetition resolves is stuck at once', async () => {
    const log: string[] = [];
    const a = noted('a', log, () => {
      throw new TerminalError('the account was changed by somebody else');
    });
    const { error, store } = await run([a], async (saga) => {
      await saga.step(a, 1);
      throw new Error('back');
    });
    expect(error).toMatchObject({ code: 'SAGA_STUCK', undoError: { message: 'the account was changed by somebody else' } });
    expect(log).toEqual(['a 1', 'undo a 1']);
    expect((await store.load('undoing/u-1'))?.head.status).toBe('stuck');
  });

  it('C13 that hangs is bounded by its own time-out and repeated; its signal is aborted', async () => {
    let calls = 0;
    let aborted = false;
    const a = noted('a', [], (u) => {
      calls += 1;
      if (calls > 1) return undefined;
      u.signal.addEventListener('abort', () => (aborted = true));
      return new Promise(() => {});
    });
    const { error, world } = await run([a], async (saga) => {
      await saga.step(a, 1);
      throw new Error('back');
    });
    expect(calls).toBe(2);
    expect(aborted).toBe(true);
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(30_000);
    expect(error).toBeInstanceOf(SagaCompensatedError);
  });

  it('is told once, as an alert, after ten attempts', async () => {
    let calls = 0;
    const a = noted('a', [], () => {
      calls += 1;
      if (calls < 14) throw new Error('not yet');
    });
    const { events } = await run([a], async (saga) => {
      await saga.step(a, 1);
      throw new Error('back');
    });
    expect(events.filter(({ name }) => name === 'undo.alert')).toHaveLength(1);
  });
});
