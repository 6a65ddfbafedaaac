import { defineSaga, defineStep } from '@redress/core';
import type { RunContext } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const timed = (world: World, log: string[]) => (name: string) =>
  defineStep(name, { readOnly: true }, async (ms: number) => {
    await new Promise<void>((resolve) => void world.clock.setTimer(ms, resolve));
    log.push(`${name} ${ms}`);
    return `${name}:${ms}`;
  });

describe('a replay', () => {
  it('interleaves parallel branches as the first run did, so that the same calls meet the same records', async () => {
    const world = new World();
    const log: string[] = [];
    const [a, b, tail] = ['a', 'b', 'tail'].map(timed(world, log)) as [ReturnType<ReturnType<typeof timed>>, never, never];
    const seen: string[][] = [];
    const saga = defineSaga('parallel', { id: () => 'x' }, async (run) => {
      const mine: string[] = [];
      seen.push(mine);
      // The second call of `tail` is the branch that was slower: by its arguments a wrong interleaving would show.
      const branch = async (first: typeof a, ms: number): Promise<void> => {
        mine.push(await run.step(first, ms));
        mine.push(await run.step(tail, ms + 1));
      };
      await Promise.all([branch(a, 300), branch(b, 100)]);
      mine.push(await run.step(tail, 1_000));
    });
    const options = { sagas: [saga], steps: [a, b, tail], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(1_000);
    one.kill();
    const two = world.process(options);
    await world.clock.until(two.runtime.handle(saga, 'x').outcome());
    expect(seen).toHaveLength(2);
    expect(seen[0]?.slice(0, 4)).toEqual(['b:100', 'tail:101', 'a:300', 'tail:301']);
    expect(seen[1]).toEqual([...(seen[0] as string[]).slice(0, 4), 'tail:1000']);
    expect(log.filter((one) => one === 'a 300')).toHaveLength(1);
  });

  it('A5 takes the same catch branch with an equal error', async () => {
    const world = new World();
    const log: string[] = [];
    const caught: unknown[] = [];
    const bad = defineStep('bad', { readOnly: true }, async () => {
      throw Object.assign(new RangeError('too much'), { code: 'LIMIT', limit: 10n });
    });
    const wait = timed(world, log)('wait');
    const saga = defineSaga('catches', { id: () => 'x' }, async (run) => {
      await run.step(bad).catch((error: unknown) => caught.push(error));
      return run.step(wait, 2_000);
    });
    const options = { sagas: [saga], steps: [bad, wait], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(500);
    one.kill();
    await world.clock.until(world.process(options).runtime.handle(saga, 'x').outcome());
    expect(caught).toHaveLength(2);
    expect(caught[1]).toEqual(caught[0]);
    expect(caught[1]).toBeInstanceOf(RangeError);
    expect(caught[1]).toMatchObject({ code: 'LIMIT', limit: 10n, message: 'too much' });
  });

  it('H1 gives the same values, of the same types, as the first run', async () => {
    const world = new World();
    const seen: unknown[] = [];
    const rich = {
      at: new Date(5),
      map: new Map([[1, new Set(['a'])]]),
      big: 12n,
      bytes: new Uint8Array([1, 2]),
      none: undefined,
      nan: Number.NaN,
      zero: -0,
    };
    const value = defineStep('value', { readOnly: true }, async () => rich);
    const wait = timed(world, [])('wait');
    const saga = defineSaga('rich', { id: () => 'x' }, async (run) => {
      seen.push(await run.step(value));
      await run.step(wait, 2_000);
    });
    const options = { sagas: [saga], steps: [value, wait], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(500);
    one.kill();
    await world.clock.until(world.process(options).runtime.handle(saga, 'x').outcome());
    expect(seen).toEqual([rich, rich]);
    expect(seen[0]).not.toBe(rich);
    expect(Object.is((seen[1] as typeof rich).zero, -0)).toBe(true);
  });

  it('A7 repeats a step that must not be repeated never: the run goes backward', async () => {
    const world = new World();
    let calls = 0;
    const undone: string[] = [];
    const once = defineStep(
      'once',
      { repeatable: false, compensate: (u) => void undone.push(u.outcome), undo: { total: true } },
      async () => {
        calls += 1;
        await new Promise(() => {});
      },
    );
    const saga = defineSaga('once-only', { id: () => 'x' }, async (run) => run.step(once));
    const options = { sagas: [saga], steps: [once], lease: 1_000 as const };
    const one = world.process(options);
    void one.runtime.run(saga, []);
    await world.clock.advance(500);
    one.kill();
    const end = world.process(options).runtime.handle(saga, 'x').outcome();
    await expect(world.clock.until(end)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(calls).toBe(1);
    expect(undone).toEqual(['unknown']);
  });
});

describe('code that does not fit the journal', () => {
  const bodies: Record<string, [(run: RunContext, s: Steps) => Promise<unknown>, string]> = {
    'G1 calls another step': [async (run, { other }) => run.step(other, 1), 'other'],
    'G3 calls it with another input': [async (run, { first }) => run.step(first, 2), 'other arguments'],
    'ends without calling it': [async () => 'done', 'ends without calling it'],
    'calls another step where one was interrupted': [
      async (run, { first, other }) => [await run.step(first, 1), await run.step(other, 2_000)],
      'calls other',
    ],
    'ends where a step was interrupted': [async (run, { first }) => run.step(first, 1), 'ends without calling it'],
  };
  type Step = ReturnType<ReturnType<typeof timed>>;
  type Steps = { first: Step; other: Step };

  for (const [title, [body, words]] of Object.entries(bodies)) {
    it(`H13 ${title}: nothing is written, both sides are named, and fitting code goes on`, async () => {
      const world = new World();
      const log: string[] = [];
      const steps = { first: timed(world, log)('first'), other: timed(world, log)('other'), wait: timed(world, log)('wait') };
      const saga = (fn: (run: RunContext) => Promise<unknown>) => defineSaga('deployed', { id: () => 'x' }, fn);
      const right = saga(async (run) => {
        await run.step(steps.first, 1);
        return run.step(steps.wait, 2_000);
      });
      const wrong = saga((run) => body(run, steps));
      const all = { steps: Object.values(steps), lease: 1_000 as const };
      const one = world.process({ ...all, sagas: [right] });
      void one.runtime.run(right, []);
      await world.clock.advance(500);
      one.kill();
      const before = (await world.store.load('deployed/x'))?.entries;
      const two = world.process({ ...all, sagas: [wrong] });
      await world.clock.advance(20_000);
      expect((await world.store.load('deployed/x'))?.entries).toEqual(before);
      const told = two.events.filter(({ name }) => name === 'saga.mismatch');
      // Later and later: not at every poll.
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(8);
      const message = String(told[0]?.error);
      expect(message).toMatch(/the journal says step [12] is (first|wait)/);
      expect(message).toContain(words);
      await two.runtime.stop();
      const three = world.process({ ...all, sagas: [right] });
      expect(await world.clock.until(three.runtime.handle(right, 'x').outcome())).toBe('wait:2000');
      expect(log.filter((one) => one === 'first 1')).toHaveLength(1);
    });
  }

  it('G1 calls its steps in another order: it is handed back with both sides named, and not owned in silence', async () => {
    const world = new World();
    const [first, second, last] = ['first', 'second', 'last'].map(timed(world, [])) as [Step, Step, Step];
    const saga = (order: readonly Step[]) =>
      defineSaga('turned', { id: () => 'x' }, async (run) => {
        for (const step of order) await run.step(step, step === last ? 2_000 : 1);
      });
    const all = { steps: [first, second, last], lease: 1_000 as const };
    const right = saga([first, second, last]);
    const one = world.process({ ...all, sagas: [right] });
    void one.runtime.run(right, []);
    await world.clock.advance(500);
    one.kill();
    const two = world.process({ ...all, sagas: [saga([second, first, last])] });
    await world.clock.advance(20_000);
    const { runs } = await two.runtime.admin.list({ blocked: true });
    expect(runs[0]?.blocked).toMatch(/step 1 is first, the code waits for a later step without calling it/);
    expect(runs[0]?.owner).toBeNull();
    await two.runtime.stop();
    const three = world.process({ ...all, sagas: [right] });
    await world.clock.until(three.runtime.handle(right, 'x').outcome());
  });

  it('G5 runs begun under a version go on with it, beside a newer one', async () => {
    const world = new World();
    const wait = timed(world, [])('wait');
    const v = (version: number) =>
      defineSaga('versioned', { version, id: (id: string) => id }, async (run, _id: string) => `${version} ${await run.step(wait, 2_000)}`);
    const [v1, v2] = [v(1), v(2)];
    const one = world.process({ sagas: [v1], steps: [wait], lease: 1_000 });
    void one.runtime.run(v1, ['old']);
    await world.clock.advance(500);
    one.kill();
    const two = world.process({ sagas: [v1, v2], steps: [wait], lease: 1_000 });
    expect(await world.clock.until(two.runtime.run(v2, ['new']))).toBe('2 wait:2000');
    expect(await world.clock.until(two.runtime.handle(v1, 'old').outcome())).toBe('1 wait:2000');
  });

  it('H14 one unreadable record waits alone, and the others go on', async () => {
    const world = new World();
    const wait = timed(world, [])('wait');
    const saga = defineSaga('many', { id: (id: string) => id }, async (run, _id: string) => run.step(wait, 2_000));
    const one = world.process({ sagas: [saga], steps: [wait], lease: 1_000 });
    const ids = ['a', 'b', 'c'];
    for (const id of ids) void one.runtime.run(saga, [id]);
    await world.clock.advance(500);
    one.kill();
    const { head } = (await world.store.load('many/b')) ?? {};
    await world.store.commit({
      id: 'many/b',
      expect: head as NonNullable<typeof head>,
      entries: [{ key: 'x', type: 'step.started', data: 'garbage' }],
      head: { owner: null, wake: { inMs: 0 } },
    });
    const two = world.process({ sagas: [saga], steps: [wait], lease: 1_000 });
    for (const id of ['a', 'c']) expect(await world.clock.until(two.runtime.handle(saga, id).outcome())).toBe('wait:2000');
    const told = two.events.filter(({ name }) => name === 'run.unreadable');
    expect(told.length).toBeGreaterThan(0);
    expect(told[0]).toMatchObject({ id: 'b' });
    expect((await world.store.load('many/b'))?.head.status).toBe('running');
  });
});
