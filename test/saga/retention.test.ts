import { ConfigurationError, createRuntime, defineSaga, defineStep } from '@redress/core';
import type { Head, Loaded } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const DAY = 86_400_000;
const audit = { who: 'ann', why: 'a test' };

/** A saga of one step that ends as it is told. */
function ends(status: 'completed' | 'compensated' | 'mixed' | 'stuck', options: { readonly retention?: number | '2d' | 'forever' } = {}) {
  const compensate = (): void => {
    if (status === 'mixed' || status === 'stuck') throw new Error('closed');
  };
  const pay = defineStep('pay', { compensate, undo: { total: true, maxRetries: 0 } }, async () => {});
  const saga = defineSaga('ends', { id: (id: string) => id, ...options }, async (run) => {
    await run.step(pay);
    if (status !== 'completed') throw new Error('back');
    return 'done';
  });
  return { saga, parts: { sagas: [saga], steps: [pay] } };
}

async function ended(world: World, { saga, parts }: ReturnType<typeof ends>, more: object = {}) {
  const process = world.process({ ...parts, poll: '1m', ...more });
  await world.clock.until(process.runtime.run(saga, ['x']).catch(() => {}));
  return process;
}

const headOf = async (world: World, id = 'ends/x'): Promise<Head | undefined> => (await world.store.load(id))?.head;

describe('a run that has ended', () => {
  it.each(['completed', 'compensated'] as const)('%s is kept for its retention, and then forgotten', async (status) => {
    const world = new World();
    const { events } = await ended(world, ends(status), { retention: '1d' });
    await world.clock.advance(DAY - 120_000);
    expect(await headOf(world)).toMatchObject({ status });
    await world.clock.advance(300_000);
    expect(await world.store.load('ends/x')).toBeUndefined();
    expect(events.filter(({ name }) => name === 'run.forgotten')).toMatchObject([{ saga: 'ends', id: 'x' }]);
  });

  it.each(['mixed', 'stuck'] as const)('%s is kept for a person to look at', async (status) => {
    const world = new World();
    const { runtime } = await ended(world, ends(status), { retention: '1d' });
    if (status === 'mixed') await runtime.admin.waive('ends', 'x', 'pay', audit);
    await world.clock.advance(120_000);
    expect(await headOf(world)).toMatchObject({ status, wakeAt: null, owner: null });
    await world.clock.advance(30 * DAY);
    expect(await headOf(world)).toMatchObject({ status, wakeAt: null, owner: null });
  });

  it('is kept until it is purged where nothing else is said', async () => {
    const world = new World();
    const { runtime } = await ended(world, ends('completed'));
    await world.clock.advance(100 * DAY);
    expect(await headOf(world)).toMatchObject({ status: 'completed', wakeAt: null });
    expect(await runtime.admin.purge({ endedBefore: '1d' })).toBe(1);
  });

  it('is kept as its saga says, rather than its runtime', async () => {
    const world = new World();
    await ended(world, ends('completed', { retention: '2d' }), { retention: '1d' });
    await world.clock.advance(DAY * 1.5);
    expect(await headOf(world)).toBeDefined();
    await world.clock.advance(DAY);
    expect(await headOf(world)).toBeUndefined();
    await ended(world, ends('completed', { retention: 'forever' }), { retention: '1d' });
    await world.clock.advance(30 * DAY);
    expect(await headOf(world)).toMatchObject({ wakeAt: null });
  });

  it('is forgotten at the moment that was written with its end, by a process that keeps runs for ever as well', async () => {
    const world = new World();
    const first = await ended(world, ends('completed'), { retention: '1d', worker: false });
    first.kill();
    await world.clock.advance(DAY / 2);
    world.process({ ...ends('completed').parts, poll: '1m' });
    const head = (await headOf(world)) as Head;
    // Something calls it due too early.
    await world.store.commit({ id: head.id, expect: head, entries: [], head: { wake: { inMs: 0 } } });
    await world.clock.advance(DAY / 2 - 300_000);
    expect(await headOf(world)).toMatchObject({ owner: null, wakeAt: head.wakeAt, claims: 0 });
    await world.clock.advance(600_000);
    expect(await headOf(world)).toBeUndefined();
  });

  it('is neither shown as due nor as running while it is kept', async () => {
    const world = new World();
    const { runtime } = await ended(world, ends('completed'), { retention: '1d' });
    const [run] = (await runtime.admin.list()).runs;
    expect(run).toMatchObject({ status: 'completed', dueAt: null, keptUntil: (await headOf(world))?.wakeAt });
    expect((await runtime.admin.health()).details).toMatchObject({ owned: 0, recovered: 0 });
  });

  it('is asked for nothing until then', async () => {
    const world = new World();
    const { commits } = await ended(world, ends('completed'), { retention: '1d' });
    const before = commits.length;
    await world.clock.advance(DAY - 120_000);
    expect(commits.length).toBe(before);
  });

  it('is kept no longer by a start, a signal or a cancel that comes late', async () => {
    const world = new World();
    const { saga, parts } = ends('completed');
    const { runtime } = await ended(world, { saga, parts }, { retention: '1d' });
    const at = (await headOf(world))?.wakeAt;
    await world.clock.advance(DAY / 2);
    expect(await world.clock.until(runtime.run(saga, ['x']))).toBe('done');
    await expect(runtime.signal('ends', 'x', 'hello')).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED' });
    await expect(runtime.admin.cancel('ends', 'x', audit)).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED' });
    expect(await headOf(world)).toMatchObject({ wakeAt: at });
    await world.clock.advance(DAY);
    expect(await headOf(world)).toBeUndefined();
  });

  it('leaves its id to a new run', async () => {
    const world = new World();
    const { saga, parts } = ends('completed');
    const { runtime } = await ended(world, { saga, parts }, { retention: '1d' });
    const nonceOf = async (): Promise<unknown> => (await world.store.load('ends/x'))?.entries[0]?.data;
    const before = await nonceOf();
    await world.clock.advance(DAY * 2);
    expect(await world.clock.until(runtime.run(saga, ['x']))).toBe('done');
    expect(await nonceOf()).not.toEqual(before);
    expect((await headOf(world))?.wakeAt).toBeGreaterThan(world.clock.now());
  });

  it('that is forgotten between the two looks of a start makes room for it', async () => {
    const world = new World();
    const { saga, parts } = ends('completed');
    await ended(world, { saga, parts }, { worker: false });
    const { runtime } = world.process({ ...parts, worker: false }, (store) => ({
      async load(...args) {
        const head = await headOf(world);
        if (head?.status === 'completed' && (await runtimeStarts)) await world.store.drop('ends/x', head);
        return store.load(...args);
      },
    }));
    let starts = (_yes: boolean): void => {};
    const runtimeStarts = new Promise<boolean>((resolve) => (starts = resolve));
    starts(true);
    expect(await world.clock.until(runtime.run(saga, ['x']))).toBe('done');
  });

  it('is forgotten too when it was cancelled before it began', async () => {
    const world = new World();
    const { runtime } = world.process({ ...ends('completed').parts, retention: '1d', poll: '1m' });
    await runtime.admin.cancel('ends', 'unborn', audit);
    await world.clock.advance(DAY / 2);
    expect(await headOf(world, 'ends/unborn')).toMatchObject({ status: 'compensated' });
    await world.clock.advance(DAY);
    expect(await headOf(world, 'ends/unborn')).toBeUndefined();
  });

  it('takes no room from live runs, however many there are of its kind', async () => {
    const world = new World();
    const { saga, parts } = ends('completed');
    const slow = defineSaga('slow', { id: (id: string) => id }, async (run) => run.sleep('1d'));
    const { runtime, kill } = world.process({ ...parts, sagas: [...parts.sagas, slow], retention: '1h', worker: false });
    for (let i = 0; i < 1_000; i += 1) await world.clock.until(runtime.run(saga, [`r${i}`]));
    await runtime.start(slow, ['live']);
    await world.clock.advance(2 * DAY);
    kill();
    let looks = 0;
    world.process({ ...parts, sagas: [...parts.sagas, slow], poll: '1m', maxConcurrentRuns: 100 }, (store) => ({
      claim(wanted) {
        looks += 1;
        return store.claim(wanted);
      },
    }));
    await world.clock.advance(1);
    expect(await headOf(world, 'slow/live')).toMatchObject({ status: 'completed' });
    const { heads } = await world.store.scan({ status: ['completed'] });
    expect(heads.map(({ id }) => id)).toEqual(['slow/live']);
    // Ten hundreds; a claim that is full is followed by one that leaves its names out.
    expect(looks).toBeLessThan(25);
  });

  it('is laid down again when the store does not take its burial', async () => {
    const world = new World();
    let fails = 1;
    await ended(world, ends('completed'), { retention: '1d', worker: false });
    const { events } = world.process({ ...ends('completed').parts, poll: '1m' }, (store) => ({
      async drop(...args) {
        if (fails-- > 0) throw new Error('no');
        return store.drop(...args);
      },
    }));
    await world.clock.advance(DAY + 3_600_000);
    expect(events.some(({ name }) => name === 'run.unreadable')).toBe(true);
    await world.clock.advance(2 * DAY);
    expect(await headOf(world)).toBeUndefined();
  });
});

/** A parent that calls a child, which calls one too, and then waits a week; it goes back when it is told to. */
function family(fails = false) {
  const undone: string[] = [];
  const step = (name: string) => defineStep(name, { compensate: () => void undone.push(name), undo: { total: true } }, async () => {});
  const steps = [step('toy'), step('book')] as const;
  const grandchild = defineSaga('grandchild', {}, async (run) => run.step(steps[0]));
  const child = defineSaga('child', {}, async (run) => {
    await run.step(steps[1]);
    await run.child(grandchild);
  });
  const parent = defineSaga('parent', { id: (id: string) => id }, async (run) => {
    await run.child(child);
    await run.sleep('7d');
    if (fails) throw new Error('back');
  });
  return { undone, sagas: [parent, child, grandchild], steps: [...steps], parent };
}

const runsOf = async (world: World): Promise<string[]> => (await world.store.scan({})).heads.map(({ name, status }) => `${name} ${status}`);

describe('a child that has ended', () => {
  it('is kept until its parent is forgotten, and goes with it', async () => {
    const world = new World();
    const { parent, undone: _undone, ...parts } = family();
    const { runtime } = world.process({ ...parts, retention: '1d', poll: '1m' });
    await runtime.start(parent, ['x']);
    await world.clock.advance(6 * DAY);
    expect(await runsOf(world)).toEqual(['child completed', 'grandchild completed', 'parent running']);
    await world.clock.advance(1.5 * DAY);
    expect(await runsOf(world)).toEqual(['child completed', 'grandchild completed', 'parent completed']);
    await world.clock.advance(1.5 * DAY);
    expect(await runsOf(world)).toEqual([]);
  });

  it('can be undone long after its end', async () => {
    const world = new World();
    const { parent, undone, ...parts } = family(true);
    const { runtime } = world.process({ ...parts, retention: '1d', poll: '1m' });
    await runtime.start(parent, ['x']);
    await world.clock.advance(6 * DAY);
    expect(await runtime.admin.purge({ endedBefore: '1d' })).toBe(0);
    await world.clock.advance(2 * DAY);
    expect(undone).toEqual(['toy', 'book']);
    expect(await runsOf(world)).toEqual(['child compensated', 'grandchild compensated', 'parent compensated']);
    await world.clock.advance(2 * DAY);
    expect(await runsOf(world)).toEqual([]);
  });

  it('that a burial was interrupted at is not left behind', async () => {
    const world = new World();
    const { parent, undone: _undone, ...parts } = family();
    const first = world.process({ ...parts, retention: '1d', poll: '1m' }, (store) => ({
      async drop(id, expect) {
        await store.drop(id, expect);
        first.kill();
        return new Promise(() => {});
      },
    }));
    await first.runtime.start(parent, ['x']);
    await world.clock.advance(9 * DAY);
    expect(await runsOf(world)).toEqual(['child completed', 'parent completed']);
    world.process({ ...parts, poll: '1m' });
    await world.clock.advance(DAY);
    expect(await runsOf(world)).toEqual([]);
  });

  it('that needs a person keeps its parent', async () => {
    const world = new World();
    const { parent, undone: _undone, ...parts } = family();
    const { runtime } = world.process({ ...parts, retention: '1d', poll: '1m' });
    await runtime.start(parent, ['x']);
    await world.clock.advance(7.5 * DAY);
    const [child] = (await world.store.scan({ name: 'grandchild' })).heads as [Head];
    await world.store.commit({ id: child.id, expect: child, entries: [], head: { status: 'stuck' } });
    await world.clock.advance(3 * DAY);
    expect(await runsOf(world)).toEqual(['child completed', 'grandchild stuck', 'parent completed']);
    const { head } = (await world.store.load(child.id)) as Loaded;
    await world.store.commit({ id: child.id, expect: head, entries: [], head: { status: 'completed' } });
    await world.clock.advance(2 * DAY);
    expect(await runsOf(world)).toEqual([]);
  });
});

describe('a retention', () => {
  it.each([0, -1, 'soon', '0d'])('of %s is refused', (retention) => {
    const wrong = retention as never;
    expect(() => createRuntime({ store: memoryStore(), retention: wrong })).toThrow(ConfigurationError);
    expect(() => defineSaga('s', { retention: wrong }, async () => {})).toThrow(ConfigurationError);
  });
});
