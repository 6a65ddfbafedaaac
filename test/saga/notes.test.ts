import { currentScope, defineSaga, defineStep, RefusedError } from '@redress/core';
import type { StepScope } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const step = (): StepScope => currentScope()?.step as StepScope;

describe('a note', () => {
  it('D6 shows the undo how far a step of two effects came', async () => {
    const world = new World();
    const undone: unknown[] = [];
    const ship = defineStep(
      'ship',
      { compensate: (undo) => void undone.push(undo.outcome, undo.notes), undo: { total: true } },
      async () => {
        await step().note({ label: 'A-1' });
        throw new Error('the line broke before the parcel was handed over');
      },
    );
    const saga = defineSaga('notes', { id: () => 'x' }, (run) => run.step(ship));
    const { runtime } = world.process({ sagas: [saga], steps: [ship] });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    expect(undone).toEqual(['unknown', [{ label: 'A-1' }]]);
    const [shown] = (await runtime.admin.show('notes', 'x')).steps;
    expect(shown).toMatchObject({ operation: 'ship', notes: [{ label: 'A-1' }] });
  });

  it('F10 of the first of two effects is there after a crash between them: the second run skips the first', async () => {
    const world = new World();
    const effects: string[] = [];
    let crash = true;
    const both = defineStep('both', { irreversible: 'two letters' }, async () => {
      const scope = step();
      for (const part of ['first', 'second']) {
        if (scope.notes.includes(part)) continue;
        effects.push(`${part} ${scope.key.split('/').at(-1)}/${part}`);
        await scope.note(part);
        if (crash) await new Promise(() => {});
      }
      return scope.notes;
    });
    const saga = defineSaga('two', { id: () => 'x' }, (run) => run.step(both));
    const options = { sagas: [saga], steps: [both], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(200);
    one.kill();
    crash = false;
    const two = world.process(options);
    expect(await world.clock.until(two.runtime.handle(saga, 'x').outcome())).toEqual(['first', 'second']);
    expect(effects).toEqual(['first both/first', 'second both/second']);
  });

  it('is a copy: what the body does to the value afterwards is not a part of it', async () => {
    const world = new World();
    const seen: unknown[] = [];
    const a = defineStep('a', { compensate: (undo) => void seen.push(...undo.notes), undo: { total: true } }, async () => {
      const value = { n: 1 };
      await step().note(value);
      value.n = 2;
      seen.push(...step().notes);
      throw new RangeError('who knows');
    });
    const saga = defineSaga('copies', { id: () => 'x' }, (run) => run.step(a));
    const { runtime } = world.process({ sagas: [saga], steps: [a] });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    expect(seen).toEqual([{ n: 1 }, { n: 1 }]);
  });

  it('that cannot be kept is refused, and the step goes on', async () => {
    const world = new World();
    const a = defineStep('a', { readOnly: true }, async () =>
      step()
        .note(() => {})
        .catch((error: { code: string }) => error.code),
    );
    const saga = defineSaga('unkept', { id: () => 'x' }, (run) => run.step(a));
    const { runtime } = world.process({ sagas: [saga], steps: [a] });
    expect(await world.clock.until(runtime.run(saga, []))).toBe('CODEC_FAILED');
  });

  it('that comes while the run waits for its steps to end is kept for the undo; one that comes later is refused', async () => {
    const world = new World();
    const log: unknown[] = [];
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void world.clock.setTimer(ms, resolve));
    const slow = defineStep('slow', { compensate: (undo) => void log.push(undo.notes), undo: { total: true } }, async () => {
      const scope = step();
      await pause(500);
      await scope.note('in time');
      await pause(9_500);
      await scope.note('too late').catch((error: { code: string }) => log.push(error.code));
    });
    const fails = defineStep('fails', { readOnly: true }, async () => {
      await pause(10);
      throw new RefusedError('no');
    });
    const saga = defineSaga('late notes', { id: () => 'x' }, (run) => Promise.all([run.step(slow), run.step(fails)]));
    const { runtime } = world.process({ sagas: [saga], steps: [slow, fails], grace: '1s', lease: '1m' });
    await world.clock.until(runtime.run(saga, []).catch(() => {}));
    await world.clock.advance(20_000);
    expect(log).toEqual([['in time'], 'STEP_FENCED']);
  });

  it('that comes after its step has ended is refused', async () => {
    const world = new World();
    let late: Promise<unknown> = Promise.resolve();
    const a = defineStep('a', { readOnly: true }, async () => {
      const scope = step();
      late = new Promise<void>((resolve) => void world.clock.setTimer(50, resolve)).then(() =>
        scope.note('x').catch((error: { code: string }) => error.code),
      );
    });
    const b = defineStep('b', { readOnly: true }, () => new Promise<void>((resolve) => void world.clock.setTimer(100, resolve)));
    const saga = defineSaga('after', { id: () => 'x' }, async (run) => {
      await run.step(a);
      await run.step(b);
    });
    const { runtime } = world.process({ sagas: [saga], steps: [a, b] });
    await world.clock.until(runtime.run(saga, []));
    expect(await late).toBe('STEP_FENCED');
    expect((await runtime.admin.show('after', 'x')).steps[0]?.notes).toBeUndefined();
  });

  it('is refused when this process has lost the run', async () => {
    const world = new World();
    const log: unknown[] = [];
    const slow = defineStep('slow', { irreversible: 'a letter' }, async () => {
      const scope = step();
      await new Promise<void>((resolve) => void world.clock.setTimer(3_000, resolve));
      await scope.note('x').then(
        () => log.push('kept'),
        (error: { code: string }) => log.push(error.code),
      );
    });
    const saga = defineSaga('lost', { id: () => 'x' }, (run) => run.step(slow));
    const options = { sagas: [saga], steps: [slow], lease: 1_000 as const };
    const one = world.process({ ...options, worker: false }, () => ({ renew: () => new Promise(() => {}) }));
    void one.runtime.run(saga, []).catch(() => {});
    await world.clock.advance(1_500);
    const two = world.process(options);
    await world.clock.until(two.runtime.handle(saga, 'x').outcome());
    expect(log).toEqual(['SAGA_OWNERSHIP_LOST', 'kept']);
  });
});

describe('an alternate undo', () => {
  it('E21 runs with the same facts and a key of its own when the first has failed for good', async () => {
    const world = new World();
    const log: unknown[] = [];
    const a = defineStep(
      'a',
      {
        compensate: (undo) => {
          log.push(undo.key.split('/').slice(-2).join('/'));
          throw new Error('closed');
        },
        alternate: (undo) => void log.push([undo.key.split('/').slice(-3).join('/'), undo.args, undo.outcome, undo.result]),
        undo: { maxRetries: 1 },
      },
      async (n: number) => n + 1,
    );
    const saga = defineSaga('other way', { id: () => 'x' }, async (run) => {
      await run.step(a, 1);
      throw new Error('back');
    });
    const { runtime, events } = world.process({ sagas: [saga], steps: [a] });
    const error = await world.clock.until(runtime.run(saga, []).catch((one: unknown) => one));
    expect(error).toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log).toEqual(['a/undo', 'a/undo', ['a/undo/alternate', [1], 'done', 2]]);
    expect(events.filter(({ name }) => name === 'undo.alternate')).toHaveLength(1);
    expect((await runtime.admin.show('other way', 'x')).steps[0]?.undo).toBe('undone');
  });

  it('that fails for good too leaves the run stuck; retry begins with the first again', async () => {
    const world = new World();
    const log: string[] = [];
    let closed = true;
    const undo = (name: string) => (): void => {
      log.push(name);
      if (closed) throw new Error(`${name} is closed`);
    };
    const a = defineStep('a', { compensate: undo('bank'), alternate: undo('post'), undo: { maxRetries: 0 } }, async () => {});
    const saga = defineSaga('no way', { id: () => 'x' }, async (run) => {
      await run.step(a);
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [saga], steps: [a] });
    const stuck = await world.clock.until(runtime.run(saga, []).catch((one: unknown) => one));
    expect(stuck).toMatchObject({ code: 'SAGA_STUCK', undoError: { message: 'post is closed' } });
    closed = false;
    await runtime.admin.retry('no way', 'x', { who: 'ada', why: 'open again' });
    const end = await world.clock.until(
      runtime
        .handle(saga, 'x')
        .outcome()
        .catch((one: unknown) => one),
    );
    expect(end).toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log).toEqual(['bank', 'post', 'bank']);
  });
});

describe('a fatal step', () => {
  const tried = async (fatal: boolean): Promise<unknown> => {
    const world = new World();
    const log: string[] = [];
    const a = defineStep('a', { compensate: () => void log.push('undo a'), undo: { total: true } }, async () => {});
    const b = defineStep('b', { readOnly: true, ...(fatal ? { fatal: true } : {}) }, async () => {
      throw new RefusedError('the far side has given up');
    });
    const saga = defineSaga('swallows', { id: () => 'x' }, async (run) => {
      await run.step(a);
      await run.step(b).catch(() => {});
      return 'all is well';
    });
    const { runtime } = world.process({ sagas: [saga], steps: [a, b] });
    const end = await world.clock.until(runtime.run(saga, []).catch((one: { cause: Error }) => one.cause.message));
    return [end, ...log];
  };

  it('C5 takes the run back though the body swallows its failure', async () => {
    expect(await tried(true)).toEqual(['the far side has given up', 'undo a']);
  });

  it('C5 any other leaves it to the body', async () => {
    expect(await tried(false)).toEqual(['all is well']);
  });
});
