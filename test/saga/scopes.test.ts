import { currentScope, defineSaga, defineStep } from '@redress/core';
import type { Runtime, StepScope } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'a test' };
const codeOf = (error: { code?: string }): string | undefined => error.code;
const seen = (): Pick<StepScope, 'saga' | 'id' | 'operation' | 'key'> => {
  const { saga, id, operation, key } = currentScope()?.step ?? { operation: 'none', key: 'none' };
  return { operation, key, ...(saga === undefined ? {} : { saga }), ...(id === undefined ? {} : { id }) };
};

describe('a step that starts a saga of its own', () => {
  it('A8 is in its own scope before, meanwhile and afterwards; what it started is nobody’s child', async () => {
    const world = new World();
    const scopes: unknown[] = [];
    const log: string[] = [];
    const here: { runtime?: Runtime } = {};
    const inner = defineStep('inner', { compensate: () => void log.push('undo inner') }, async () => void scopes.push(seen()));
    const other = defineSaga('other', { id: () => 'q' }, async (run) => run.step(inner));
    const outer = defineStep('outer', { compensate: () => void log.push('undo outer') }, async () => {
      scopes.push(seen());
      const started = here.runtime?.run(other, []);
      scopes.push(seen());
      await started;
      scopes.push(seen());
    });
    const saga = defineSaga('parent', { id: () => 'p' }, async (run) => {
      await run.step(outer);
      throw new Error('back');
    });
    const { runtime } = world.process({ sagas: [saga, other], steps: [outer, inner] });
    here.runtime = runtime;
    expect(await world.clock.until(runtime.run(saga, []).catch(codeOf))).toBe('SAGA_COMPENSATED');
    const [before, meanwhile, within, afterwards] = scopes;
    expect(before).toMatchObject({ saga: 'parent', id: 'p', operation: 'outer', key: expect.stringMatching(/^parent\/p~.*\/outer$/) });
    expect([meanwhile, afterwards]).toEqual([before, before]);
    expect(within).toMatchObject({ saga: 'other', id: 'q', operation: 'inner', key: expect.stringMatching(/^other\/q~.*\/inner$/) });
    expect(log).toEqual(['undo outer']);
    expect((await world.store.load('other/q'))?.head.status).toBe('completed');
  });
});

/** A saga that counts how often its step, its undo, and what follows on the step were run. */
function counted() {
  const world = new World();
  const calls = { step: 0, after: 0, undo: 0 };
  const pay = defineStep('pay', { compensate: () => void (calls.undo += 1) }, async () => (calls.step += 1));
  const saga = defineSaga('counted', { id: (id: string) => id }, async (run, id) => {
    const paid = await run.step(pay);
    calls.after += 1;
    if (id === 'bad') throw new Error('back');
    return paid;
  });
  const options = { sagas: [saga], steps: [pay] };
  const run = (id: string, { runtime } = world.process(options)): Promise<unknown> =>
    world.clock.until(runtime.run(saga, [id]).catch(codeOf));
  return { world, calls, saga, options, run };
}

describe('A10 the id of a run that has ended', () => {
  // What stands before the first step is run by the call that finds the run taken, as in any replay.
  it('runs no step and nothing that follows on one: the end is answered', async () => {
    for (const [id, end] of [
      ['good', 1],
      ['bad', 'SAGA_COMPENSATED'],
    ] as const) {
      const { calls, run } = counted();
      expect(await run(id)).toBe(end);
      const before = { ...calls };
      expect(await run(id)).toBe(end);
      expect(calls).toEqual(before);
    }
  });

  it('refuses what would change the run, with a typed error', async () => {
    const { world, calls, saga, options, run } = counted();
    await run('good');
    const { admin } = world.process(options).runtime;
    const before = await world.store.load('counted/good');
    for (const verb of ['cancel', 'hold', 'release', 'retry'] as const)
      await expect(admin[verb]('counted', 'good', audit)).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED', legal: [] });
    await expect(world.process(options).runtime.signal(saga, 'good', 'news')).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED' });
    expect(await world.store.load('counted/good')).toEqual(before);
    expect(calls).toEqual({ step: 1, after: 1, undo: 0 });
  });

  it('that was purged is unknown to every verb, and is free for a new run', async () => {
    const { world, calls, saga, options, run } = counted();
    await run('good');
    const { runtime } = world.process(options);
    const { admin } = runtime;
    expect(await admin.purge({ endedBefore: 0 })).toBe(1);
    const asked: (() => Promise<unknown>)[] = [
      () => admin.show('counted', 'good'),
      () => admin.retry('counted', 'good', audit),
      () => admin.hold('counted', 'good', audit),
      () => admin.release('counted', 'good', audit),
      () => admin.waive('counted', 'good', 'pay', audit),
      () => runtime.signal(saga, 'good', 'news'),
      () => runtime.handle(saga, 'good').outcome(),
    ];
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    expect(await run('good')).toBe(2);
    expect(calls).toEqual({ step: 2, after: 2, undo: 0 });
  });
});

/** Parent and child call one and the same step. */
function shared(fail: boolean) {
  const world = new World();
  const forward: string[] = [];
  const back: string[] = [];
  const pay = defineStep(
    'pay',
    { compensate: ({ forwardKey, key }) => void back.push(forwardKey, key) },
    async () => void forward.push(seen().key, `${seen().saga} ${seen().id}`),
  );
  const child = defineSaga('child', {}, async (run) => run.step(pay));
  const parent = defineSaga('parent', { id: () => 'p' }, async (run) => {
    await run.step(pay);
    await run.child(child);
    if (fail) throw new Error('back');
  });
  const process = world.process({ sagas: [parent, child], steps: [pay] });
  const end = (): Promise<unknown> => world.clock.until(process.runtime.run(parent, []).catch(codeOf));
  const childId = async (): Promise<string> => (await process.runtime.admin.list({ saga: 'child' })).runs[0]?.id ?? '';
  return { world, forward, back, process, end, childId };
}

describe('parent and child', () => {
  it('I5 that call the same step call it once each, with a key of their own, and undo each with its own', async () => {
    const { forward, back, end, childId } = shared(true);
    expect(await end()).toBe('SAGA_COMPENSATED');
    const id = await childId();
    const [ofParent, inParent, ofChild, inChild] = forward as [string, string, string, string];
    expect(forward).toHaveLength(4);
    expect([inParent, inChild]).toEqual(['parent p', `child ${id}`]);
    // The child’s id names its parent.
    expect(id).toMatch(/^parent\/p~.*\/@saga child$/);
    expect(ofParent).toMatch(/^parent\/p~[^/]+\/pay$/);
    expect(ofChild.startsWith(`child/${id}~`)).toBe(true);
    expect(back).toEqual([ofChild, `${ofChild}/undo`, ofParent, `${ofParent}/undo`]);
  });

  it('I8 a child whose root is completed and purged is not taken back any more', async () => {
    const { back, process, end, childId } = shared(false);
    await end();
    const id = await childId();
    const { admin } = process.runtime;
    expect(await admin.purge({ endedBefore: 0, saga: 'parent' })).toBe(1);
    await expect(admin.show('parent', 'p')).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    await expect(admin.cancel('child', id, audit)).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED', legal: [] });
    expect(await admin.purge({ endedBefore: 0 })).toBe(1);
    await expect(admin.hold('child', id, audit)).rejects.toMatchObject({ code: 'SAGA_NOT_FOUND' });
    expect(back).toEqual([]);
  });
});
