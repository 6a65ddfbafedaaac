import {
  createRuntime,
  defineSaga,
  defineStep,
  SagaIdConflictError,
  SagaNotFoundError,
  SagaStillRunningError,
  StoreUnavailableError,
} from '@redress/core';
import type { Change } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { World, wrapStore } from './support.js';

function counter() {
  let calls = 0;
  const add = defineStep('add', { readOnly: true }, async (n: number) => {
    calls += 1;
    return n + 1;
  });
  const saga = defineSaga(
    'add-one',
    { id: (input: { id: string; n: number }) => input.id },
    async (run, { n }: { id: string; n: number }) => run.step(add, n),
  );
  return { saga, options: { sagas: [saga], steps: [add] }, calls: () => calls };
}

describe('the same id', () => {
  it('A2 with the same input again is the same run: its outcome, and no step runs', async () => {
    const { saga, options, calls } = counter();
    const world = new World();
    const one = world.process(options);
    const two = world.process(options);
    expect(await world.clock.until(one.runtime.run(saga, [{ id: 'x', n: 1 }]))).toBe(2);
    // The order of the fields does not count.
    expect(await world.clock.until(one.runtime.run(saga, [{ n: 1, id: 'x' }]))).toBe(2);
    expect(await world.clock.until(two.runtime.run(saga, [{ id: 'x', n: 1 }]))).toBe(2);
    expect(calls()).toBe(1);
  });

  it('A3 with another input is a conflict, and the record stays as it is', async () => {
    const { saga, options } = counter();
    const world = new World();
    const { runtime } = world.process(options);
    await world.clock.until(runtime.run(saga, [{ id: 'x', n: 1 }]));
    const before = await world.store.load('add-one/x');
    const error = await world.clock.until(runtime.run(saga, [{ id: 'x', n: 2 }]).catch((e: unknown) => e));
    expect(error).toBeInstanceOf(SagaIdConflictError);
    expect(await world.store.load('add-one/x')).toEqual(before);
  });

  it('H7 started by many at once, in two processes, is one run', async () => {
    const { saga, options, calls } = counter();
    const world = new World();
    const processes = [world.process(options), world.process(options)];
    const runs = Array.from({ length: 20 }, (_, i) => (processes[i % 2] as (typeof processes)[0]).runtime.run(saga, [{ id: 'x', n: 1 }]));
    expect(await world.clock.until(Promise.all(runs))).toEqual(Array(20).fill(2));
    expect(calls()).toBe(1);
  });

  it('started with another input while the first runs is a conflict too', async () => {
    const { saga, options } = counter();
    const world = new World();
    const { runtime } = world.process(options);
    const first = runtime.run(saga, [{ id: 'x', n: 1 }]);
    const second = runtime.run(saga, [{ id: 'x', n: 2 }]).catch((e: unknown) => e);
    expect(await world.clock.until(first)).toBe(2);
    expect(await world.clock.until(second)).toBeInstanceOf(SagaIdConflictError);
  });

  it('used again after a purge sends other keys to the outside', async () => {
    const keys: string[] = [];
    const world = new World();
    const pay = defineStep('pay', { readOnly: true }, async () => 1);
    const saga = defineSaga('pays', { id: () => 'x' }, async (run) => run.step(pay));
    const { runtime, store, commits } = world.process({ sagas: [saga], steps: [pay] });
    for (let i = 0; i < 2; i++) {
      await world.clock.until(runtime.run(saga, []));
      const loaded = await store.load('pays/x');
      keys.push(/"key":"([^"]+)"/.exec(String((commits.at(-2) as Change).entries[1]?.data))?.[1] ?? '');
      if (loaded) await store.drop('pays/x', loaded.head);
    }
    expect(keys[0]).toMatch(/^pays\/x~/);
    expect(keys[0]).not.toBe(keys[1]);
  });
});

describe('a start', () => {
  it('answers its handle only when the run is durable', async () => {
    const { saga, options } = counter();
    const world = new World();
    const { runtime, store } = world.process(options);
    await world.clock.until(runtime.start(saga, [{ id: 'x', n: 1 }]));
    expect((await store.load('add-one/x'))?.entries.length).toBeGreaterThan(0);
  });

  it('H11 does not run a body of a step while the store is unavailable, and says so', async () => {
    const { saga, options, calls } = counter();
    const store = wrapStore(memoryStore(), { commit: () => Promise.reject(new StoreUnavailableError('down')) });
    await using runtime = createRuntime({ ...options, store, worker: false });
    await expect(runtime.run(saga, [{ id: 'x', n: 1 }])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(calls()).toBe(0);
  });

  it('A3 survives a lost answer of its first write: the write is repeated and is one', async () => {
    const { saga, options, calls } = counter();
    const world = new World();
    let lost = 0;
    const { runtime } = world.process(options, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        if (lost++ % 2 === 0) throw new StoreUnavailableError('answer lost');
        return done;
      },
    }));
    expect(await world.clock.until(runtime.run(saga, [{ id: 'x', n: 1 }]))).toBe(2);
    expect(calls()).toBe(1);
    const types = (await world.store.load('add-one/x'))?.entries.map(({ type }) => type);
    expect(types).toEqual(['saga.started', 'step.started', 'step.completed', 'saga.completed']);
  });

  it('refuses bad ids, unregistered sagas and input that does not fit its schema before anything is written', async () => {
    const world = new World();
    const saga = defineSaga(
      'strict',
      { id: (o: { id: string }) => o.id, input: z.object({ id: z.string(), n: z.number() }) },
      async () => 1,
    );
    const { runtime, commits } = world.process({ sagas: [saga] });
    await expect(runtime.run(saga, [{ id: 'x' }])).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('n:') });
    await expect(runtime.run(saga, [{ id: '', n: 1 } as { id: string }])).rejects.toMatchObject({ code: 'SAGA_ID_INVALID' });
    await expect(
      runtime.run(
        defineSaga('other', {}, async () => 1),
        [],
      ),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(commits).toEqual([]);
  });

  it('is refused once the runtime has stopped', async () => {
    const { saga, options } = counter();
    const { runtime } = new World().process(options);
    await runtime.stop();
    await expect(runtime.run(saga, [{ id: 'x', n: 1 }])).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' });
  });
});

describe('a waiter', () => {
  it('that gives up learns that the run still goes on, never that it failed', async () => {
    const world = new World();
    const hung = defineStep('hung', { readOnly: true }, () => new Promise<never>(() => {}));
    const saga = defineSaga('hangs', { id: () => 'x' }, async (run) => run.step(hung));
    const { runtime } = world.process({ sagas: [saga], steps: [hung] });
    const error = await world.clock.until(runtime.run(saga, [], { timeout: '1s' }).catch((e: unknown) => e));
    expect(error).toBeInstanceOf(SagaStillRunningError);
    const aborted = await world.clock.until(
      runtime
        .handle(saga, 'x')
        .outcome({ signal: AbortSignal.abort() })
        .catch((e: unknown) => e),
    );
    expect(aborted).toBeInstanceOf(SagaStillRunningError);
  });

  it('for a run that nobody started is told so', async () => {
    const world = new World();
    const { runtime } = world.process({});
    await expect(runtime.handle('nothing', 'x').outcome()).rejects.toBeInstanceOf(SagaNotFoundError);
  });
});
