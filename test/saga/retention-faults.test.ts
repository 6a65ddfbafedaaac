import { defineSaga, defineStep, StoreUnavailableError } from '@redress/core';
import type { Store } from '@redress/core';
import { seededRandom } from '@redress/testkit';
import { describe, expect, it } from 'vitest';
import { World, wrapStore } from './support.js';

const SEEDS = Array.from({ length: Number(process.env['SEEDS'] ?? 8) }, (_, i) => i + 1);

/** A family of three generations whose body fails now and then, after a wait that is longer than the retention. */
function family(next: () => number) {
  const undone = new Set<string>();
  const work = defineStep(
    'work',
    { compensate: ({ args: [name] }) => void undone.add(String(name)), undo: { total: true } },
    async (_name: string) => {},
  );
  const grandchild = defineSaga('grandchild', {}, async (run, name: string) => run.step(work, `${name}/g`));
  const child = defineSaga('child', {}, async (run, name: string) => {
    await run.step(work, `${name}/c`);
    await run.child(grandchild, name);
  });
  const failing = new Map<string, boolean>();
  const parent = defineSaga('parent', { id: (name: string) => name }, async (run, name: string) => {
    if (!failing.has(name)) failing.set(name, next() < 0.4);
    await run.child(child, name);
    await run.sleep('30s');
    if (failing.get(name)) throw new Error('back');
  });
  return { undone, failing, parent, parts: { sagas: [parent, child, grandchild], steps: [work] } };
}

/** A store that fails before or after one call in ten. */
function shaky(store: Store, next: () => number, isCalm: () => boolean): Partial<Store> {
  const lossy =
    <A extends unknown[], R>(verb: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const luck = isCalm() ? 1 : next();
      if (luck < 0.05) throw new StoreUnavailableError('lost on the way there');
      const answer = await verb(...args);
      if (luck < 0.1) throw new StoreUnavailableError('lost on the way back');
      return answer;
    };
  const { load, commit, claim, renew, drop } = wrapStore(store, {});
  return { load: lossy(load), commit: lossy(commit), claim: lossy(claim), renew: lossy(renew), drop: lossy(drop) };
}

/** The stream of the parent, which stands in front of the key that is its child's id. */
function parentOf(stream: string): string {
  return stream.slice('child/'.length, stream.lastIndexOf('~'));
}

describe('retention on a store that fails', () => {
  it.each(SEEDS)('forgets whole families, and no child before its parent has ended (%i)', async (seed) => {
    const world = new World();
    const random = seededRandom(seed);
    const next = (): number => random.next();
    let calm = false;
    const { parent, parts, undone, failing } = family(next);
    const options = { ...parts, retention: 5_000, lease: 2_000, poll: 200 };
    const start = () => world.process(options, (store) => shaky(store, next, () => calm));
    let processes = [start(), start()];
    const names = Array.from({ length: 5 }, (_, i) => `n${i}`);
    for (const name of names) void processes[0]?.runtime.start(parent, [name]).catch(() => {});
    /** Parents whose child was seen. */
    const begun = new Set<string>();
    for (let second = 0; second < 60; second += 1) {
      if (second > 2 && next() < 0.1) {
        const [gone] = processes as [(typeof processes)[0], ...typeof processes];
        gone.kill();
        processes = [...processes.slice(1), start()];
      }
      await world.clock.advance(1_000);
      const { heads } = await world.store.scan({});
      for (const { id } of heads.filter(({ name }) => name === 'child')) begun.add(parentOf(id));
      const unfinished = heads.filter(({ name, status }) => name === 'parent' && ['running', 'compensating'].includes(status));
      for (const { id } of unfinished) {
        const children = heads.filter((head) => head.name === 'child' && parentOf(head.id) === id);
        expect([id, children.length]).toEqual([id, begun.has(id) ? 1 : 0]);
      }
    }
    calm = true;
    await world.clock.advance(120_000);
    const left = (await world.store.scan({})).heads.map(({ name, status }) => `${name} ${status}`);
    expect(left).toEqual([]);
    for (const id of begun) {
      const name = id.slice('parent/'.length);
      const fails = failing.get(name);
      expect([name, undone.has(`${name}/g`), undone.has(`${name}/c`)]).toEqual([name, fails, fails]);
    }
    expect(begun.size).toBeGreaterThan(2);
  });
});
