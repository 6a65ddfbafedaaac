import { defineSaga } from '@redress/core';
import type { Change } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

/** For how long a commit gives its run away; undefined when it does not. */
function parkedMs({ head }: Change): number | undefined {
  return head?.owner === null && head.wake && 'inMs' in head.wake ? head.wake.inMs : undefined;
}

describe('a run that waits for a part of a millisecond', () => {
  it.each(['sleep', 'deadline'] as const)('is parked for whole ones: it is not called due before its %s is over', async (kind) => {
    const world = new World();
    const nap = defineSaga('nap', { id: () => 'x' }, async (run) => {
      if (kind === 'sleep') await run.sleep(1_000.25);
      else await run.receive('never');
    });
    const { runtime, commits } = world.process({ sagas: [nap] });
    const run = runtime.run(nap, [], kind === 'deadline' ? { deadline: 1_000.25 } : {}).catch(() => {});
    await world.clock.advance(0.4);
    await world.clock.until(run);
    const parked = commits.map(parkedMs).filter((ms) => ms !== undefined);
    expect(parked.length).toBeGreaterThan(0);
    expect(parked).toEqual(parked.map(Math.ceil));
    // Once, and not again and again until the moment has come.
    expect(parked.length).toBeLessThan(3);
  });
});

describe('a run that this process is giving away', () => {
  it.each(['parked', 'completed'] as const)('stays %s when its runtime stops before the store has answered', async (how) => {
    const world = new World();
    const nap = defineSaga('nap', { id: () => 'x' }, async (run) => (how === 'parked' ? run.sleep('1h') : undefined));
    const { runtime } = world.process({ sagas: [nap] }, (store) => ({
      async commit(change) {
        const done = await store.commit(change);
        if (change.head?.owner === null) await new Promise<void>((resolve) => void world.clock.setTimer(100, resolve));
        return done;
      },
    }));
    void runtime.run(nap, []).catch(() => {});
    await world.clock.advance(50);
    const before = (await world.store.load('nap/x'))?.head;
    expect([before?.owner, before?.wakeAt === null]).toEqual([null, how === 'completed']);
    await world.clock.until(runtime.stop({ drain: 10 }));
    await world.clock.advance(1_000);
    expect((await world.store.load('nap/x'))?.head).toEqual(before);
  });
});
