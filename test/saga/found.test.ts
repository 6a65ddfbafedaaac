import { defineSaga, defineStep, RefusedError } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { World } from './support.js';

const audit = { who: 'ann', why: 'the customer asked' };

describe('tags', () => {
  const orders = (world: World) => {
    const saga = defineSaga(
      'orders',
      { id: (n: number) => `o-${n}`, tags: (n) => ({ customer: `c-${n % 3}`, region: 'north' }) },
      async (_run, n) => {
        if (n % 2 === 1) throw new RefusedError('no stock');
      },
    );
    return { saga, ...world.process({ sagas: [saga] }) };
  };

  it('L1 find a run, also beside its error, forward and backward', async () => {
    const world = new World();
    const { saga, runtime } = orders(world);
    for (let n = 0; n < 12; n++) await world.clock.until(runtime.run(saga, [n]).catch(() => {}));
    const found = async (query: Parameters<typeof runtime.admin.list>[0]): Promise<string> =>
      (await runtime.admin.list(query)).runs.map(({ id }) => id).join(' ');
    const tag = { key: 'customer', value: 'c-1' };
    expect(await found({ tag })).toBe('o-1 o-10 o-4 o-7');
    expect(await found({ tag, error: 'RefusedError' })).toBe('o-1 o-7');
    expect(await found({ tag, status: ['completed'] })).toBe('o-10 o-4');
    expect(await found({ tag: { key: 'customer', value: 'c-9' } })).toBe('');
    expect((await runtime.admin.show('orders', 'o-1')).tags).toEqual({ customer: 'c-1', region: 'north' });
  });

  it('that cannot be kept are refused before anything is written', async () => {
    const world = new World();
    for (const tags of [{ error: 'mine' }, { customer: '' }, { customer: 7 as unknown as string }, { ['a\n']: 'b' }]) {
      const saga = defineSaga('odd', { id: () => 'x', tags: () => tags }, async () => {});
      const { runtime, commits } = world.process({ sagas: [saga] });
      await expect(runtime.run(saga, [])).rejects.toMatchObject({ code: 'SAGA_TAG_INVALID' });
      expect(commits).toEqual([]);
    }
  });
});

describe('a run that does not fit the code', () => {
  it('H13 G1 is listed with both sides, and no more when fitting code has taken it on', async () => {
    const world = new World();
    const step = (name: string) => defineStep(name, { readOnly: true }, async () => {});
    const [a, b] = [step('a'), step('b')];
    const version = (first: typeof a) =>
      defineSaga('changed', { id: () => 'x' }, async (run) => {
        await run.step(first);
        await run.sleep('1h');
        await run.step(b);
        await run.sleep('1h');
      });
    const old = version(a);
    const one = world.process({ sagas: [old], steps: [a, b] });
    void one.runtime.run(old, []).catch(() => {});
    await world.clock.advance(1_000);
    one.kill();
    const two = world.process({ sagas: [version(b)], steps: [a, b], poll: 60_000 });
    await world.clock.advance(2 * 3_600_000);
    const { admin } = two.runtime;
    expect((await admin.list({ blocked: true })).runs).toMatchObject([
      { id: 'x', status: 'running', blocked: expect.stringMatching(/step 1 is a.*calls b/) },
    ]);
    expect((await admin.list({ blocked: false })).runs).toEqual([]);
    await two.runtime.stop();
    const three = world.process({ sagas: [old], steps: [a, b] });
    await world.clock.advance(10 * 60_000);
    expect((await admin.list({ blocked: true })).runs).toEqual([]);
    expect(await three.runtime.admin.show('changed', 'x')).toMatchObject({ status: 'running' });
    expect((await three.runtime.admin.show('changed', 'x')).blocked).toBeUndefined();
    await world.clock.until(three.runtime.handle(old, 'x').outcome());
  });
});

describe('a deadline', () => {
  const slow = (world: World, deadline: string) => {
    const log: string[] = [];
    const a = defineStep('a', { compensate: () => void log.push('undo a'), undo: { total: true } }, async () => {
      await new Promise<void>((resolve) => void world.clock.setTimer(5_000, resolve));
      log.push('a');
    });
    const saga = defineSaga('slow', { id: () => 'x', deadline: deadline as '1s' }, async (run) => {
      await run.step(a);
      return 'done';
    });
    const process = world.process({ sagas: [saga], steps: [a] });
    const end = process.runtime.run(saga, []).catch((error: { cause: { code: string } }) => error.cause.code);
    return { log, saga, end, ...process };
  };

  it('G6 moves when it is extended, from any process, and not to an earlier moment', async () => {
    const world = new World();
    const { end, runtime, saga } = slow(world, '2s');
    await world.clock.advance(1_000);
    const other = world.process({ sagas: [saga], worker: false }).runtime.admin;
    await expect(other.extend('slow', 'x', '500ms', audit)).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED' });
    await other.extend('slow', 'x', '10s', audit);
    expect(await world.clock.until(end)).toBe('done');
    expect((await runtime.admin.show('slow', 'x')).audit).toMatchObject([{ verb: 'extend', who: 'ann' }]);
    await expect(other.extend('slow', 'x', '1h', audit)).rejects.toMatchObject({ code: 'SAGA_VERB_REFUSED', legal: [] });
  });

  it('G6 that was extended still fires, at its new moment', async () => {
    const world = new World();
    const { end, runtime } = slow(world, '1s');
    await world.clock.advance(500);
    await runtime.admin.extend('slow', 'x', '2s', audit);
    expect(await world.clock.until(end)).toBe('SAGA_DEADLINE');
    expect(world.clock.monotonic()).toBeGreaterThanOrEqual(2_500);
  });

  it('G3 that is over, at the start already, lets no further step begin', async () => {
    const world = new World();
    const { runtime } = world.process({});
    const calls: number[] = [];
    const a = defineStep('a', { readOnly: true }, async (n: number) => {
      await new Promise<void>((resolve) => void world.clock.setTimer(100, resolve));
      calls.push(n);
    });
    const saga = defineSaga('no time', { id: () => 'x' }, async (run) => {
      for (const n of [1, 2, 3, 4]) await run.step(a, n);
    });
    runtime.register({ sagas: [saga], steps: [a] });
    const end = runtime.run(saga, [], { deadline: 0 }).catch((error: { cause: { code: string } }) => error.cause.code);
    expect(await world.clock.until(end)).toBe('SAGA_DEADLINE');
    expect(calls.length).toBeLessThan(2);
  });

  it('G6 of a run that has none cannot be extended', async () => {
    const world = new World();
    const saga = defineSaga('free', { id: () => 'x' }, (run) => run.receive('never'));
    const { runtime } = world.process({ sagas: [saga] });
    void runtime.run(saga, []).catch(() => {});
    await world.clock.advance(100);
    await expect(runtime.admin.extend('free', 'x', '1h', audit)).rejects.toMatchObject({ legal: ['hold', 'signal', 'cancel'] });
  });

  it('G6 of a parent ends its child too, when it is the earlier one', async () => {
    const world = new World();
    const log: string[] = [];
    const a = defineStep('a', { compensate: () => void log.push('undo a'), undo: { total: true } }, async () => void log.push('a'));
    const child = defineSaga('child', { deadline: '1h' }, async (run) => {
      await run.step(a);
      await run.receive('never');
    });
    const parent = defineSaga('parent', { id: () => 'x', deadline: '2s' }, (run) => run.child(child));
    const { runtime } = world.process({ sagas: [parent, child], steps: [a] });
    const error = await world.clock.until(runtime.run(parent, []).catch((one: unknown) => one));
    expect(error).toMatchObject({ code: 'SAGA_COMPENSATED', cause: { code: 'SAGA_DEADLINE' } });
    expect(log).toEqual(['a', 'undo a']);
    expect(world.clock.monotonic()).toBeLessThan(10_000);
    expect((await runtime.admin.list({ saga: 'child' })).runs).toMatchObject([{ status: 'compensated' }]);
  });
});

describe('a run that is always replayed', () => {
  it('C4 takes the same way, calls each step once, and undoes the same', async () => {
    const lives = [false, true].map(async (alwaysReplay) => {
      const world = new World();
      const log: string[] = [];
      const step = (name: string) =>
        defineStep(
          name,
          { compensate: (undo) => void log.push(`undo ${name} ${String(undo.args[0])}`), undo: { total: true } },
          async (n: number) => {
            log.push(`${name} ${n}`);
            if (n === 9) throw new RefusedError('nine');
            return n + 1;
          },
        );
      const [a, b] = [step('a'), step('b')];
      const saga = defineSaga('same', { id: (last: number) => `s-${last}` }, async (run, last) => {
        const [one, two] = await Promise.all([run.step(a, 1), run.step(b, 2)]);
        await run.sleep('1m');
        let sum = one + two;
        for (let i = 0; i < 3; i++) sum += await run.step(a, i);
        await run.step(b, 9).catch(() => {});
        return run.step(b, last === 9 ? 9 : sum);
      });
      const { runtime, events } = world.process({ sagas: [saga], steps: [a, b], alwaysReplay });
      const ends = [
        await world.clock.until(runtime.run(saga, [0])),
        await world.clock.until(runtime.run(saga, [9]).catch((e: { code: string }) => e.code)),
      ];
      return { told: [...ends, ...log], claims: events.filter(({ name }) => name === 'run.claimed').length };
    });
    const [once, always] = await Promise.all(lives);
    expect(always?.told).toEqual(once?.told);
    expect(always?.told.slice(0, 2)).toEqual([12, 'SAGA_COMPENSATED']);
    expect(once?.claims).toBe(2);
    expect(always?.claims).toBeGreaterThanOrEqual(12);
  });
});
