import { currentScope, RefusedError } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { Outside, shop } from './shop.js';
import { World } from './support.js';
import type { Process } from './support.js';

const key = (): string => currentScope()?.step?.key ?? 'none';

/** A first process dies at one point of its life, a second one finishes what it left. Answers what the outside holds. */
async function dieAt(
  point: string,
  refuseShip: boolean,
): Promise<{ outside: Outside; died: boolean; status: string | undefined; writes: number }> {
  const world = new World();
  const outside = new Outside();
  let died = false;
  let writes = 0;
  const processes: Process[] = [];
  const die = async (): Promise<void> => {
    if (died) return;
    died = true;
    processes[0]?.kill();
    await new Promise(() => {});
  };
  outside.hook = (at) => {
    if (at === point && !died) return die();
    if (refuseShip && at === 'ship:before') throw new RefusedError('no such address');
    return undefined;
  };
  const { saga, options } = shop(outside, key);
  const first = world.process({ ...options, lease: 1000, worker: false }, (store) => ({
    async commit(change) {
      writes += 1;
      const n = writes;
      if (point === `write ${n}:before`) await die();
      const done = await store.commit(change);
      if (point === `write ${n}:after`) await die();
      return done;
    },
  }));
  processes.push(first);
  const run = first.runtime.run(saga, ['o-1']).catch(() => {});
  await world.clock.advance(500);
  if (died) {
    const second = world.process({ ...options, lease: 1000 });
    await world.clock.advance(5_000);
    // The caller comes back and asks again: the same id is the same run, or a first one when nothing was written.
    await world.clock.until(second.runtime.run(saga, ['o-1']).catch(() => {}));
    await second.runtime.stop();
  } else {
    await world.clock.until(run);
  }
  const found = await world.store.load('place/o-1');
  return { outside, died, status: found?.head.status, writes };
}

const effects = ['reserve', 'charge', 'ship'].flatMap((name) => [`${name}:before`, `${name}:after`]);
const undos = ['reserve', 'charge'].flatMap((name) => [`undo ${name}:before`, `undo ${name}:after`]);
const writes = (n: number): string[] => Array.from({ length: n }, (_, i) => [`write ${i + 1}:before`, `write ${i + 1}:after`]).flat();

describe('H1 a process that dies at any point', () => {
  it('makes 4 writes forward and 6 when the last step is refused', async () => {
    expect(await dieAt('never', false)).toMatchObject({ died: false, writes: 4, status: 'completed' });
    expect(await dieAt('never', true)).toMatchObject({ died: false, writes: 6, status: 'compensated' });
  });

  for (const point of [...effects, ...writes(4)]) {
    it(`leaves a run that is finished: ${point}`, async () => {
      const { outside, died, status } = await dieAt(point, false);
      expect(died).toBe(true);
      expect(status).toBe('completed');
      expect(outside.state).toBe('all');
    });
  }

  for (const point of [...effects.slice(0, 5), ...undos, ...writes(6)]) {
    it(`leaves a run that is undone when its last step refuses: ${point}`, async () => {
      const { outside, died, status } = await dieAt(point, true);
      expect(died).toBe(true);
      expect(status).toBe('compensated');
      expect(outside.state).toBe('none');
    });
  }
});
