import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventBus, createRuntime, currentScope, defineSaga, defineStep } from '@redress/core';
import type { Change, Loaded, Runtime, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { sqliteStore } from '@redress/sqlite';
import { seededRandom, VirtualClock } from '@redress/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { Outside, shop } from './shop.js';
import type { Shop } from './shop.js';
import { countingStore } from './support.js';

const audit = { who: 'ann', why: 'a test' };
const codeOf = (error: { code?: string }): string | undefined => error.code;
const key = (): string => currentScope()?.step?.key ?? '';

interface Place {
  readonly clock: VirtualClock;
  connect(): Store;
}

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Each store with a virtual clock; several connections are several processes. */
const STORES: Readonly<Record<string, () => Promise<Place>>> = {
  async memory() {
    const clock = new VirtualClock();
    const shared = createMemoryDatabase();
    return { clock, connect: () => memoryStore({ clock, shared }) };
  },
  async SQLite() {
    const clock = new VirtualClock();
    const folder = await mkdtemp(join(tmpdir(), 'redress-cases-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    return {
      clock,
      connect() {
        const store = sqliteStore(join(folder, 'store.db'), { clock });
        cleanups.push(() => store.close());
        return store;
      },
    };
  },
};

/** A process: a connection of its own, which `kill` cuts off. `onCommit`: after each of its commits, before it is answered. */
function processOn({ clock, connect }: Place, options: Shop['options'], seed = 1, onCommit = async (): Promise<void> => {}) {
  const { store, commits } = countingStore(connect());
  let alive = true;
  const cut = new Proxy(store, {
    get(target, name: keyof Store) {
      const verb: unknown = Reflect.get(target, name);
      if (typeof verb !== 'function') return verb;
      // It hears no news, as most processes: what these cases say is true by asking alone.
      if (name === 'watch') return undefined;
      return async (...args: unknown[]): Promise<unknown> => {
        if (!alive) return new Promise(() => {});
        const answer: unknown = await Reflect.apply(verb, target, args);
        if (name === 'commit') await onCommit();
        return alive ? answer : new Promise(() => {});
      };
    },
  });
  const environment = { clock, random: seededRandom(seed), events: createEventBus() };
  const runtime: Runtime = createRuntime({ ...options, store: cut, environment, lease: 1_000, poll: 50 });
  return { runtime, store, commits, kill: () => void (alive = false) };
}

/* The laws of a store are met by every adapter (describeStore); these few cases of the acceptance lists say that the engine
 * sees no difference either. */
describe.each(Object.entries(STORES))('S5 the same on every store: %s', (_name, open) => {
  const begin = async () => {
    const place = await open();
    const outside = new Outside();
    const { saga, options } = shop(outside, key);
    return { place, outside, saga, options, one: processOn(place, options) };
  };

  it('C2 a failed run is undone in reverse, once', async () => {
    const { place, outside, saga, one } = await begin();
    outside.hook = (point) => {
      if (point === 'ship:after') throw new Error('lost');
    };
    expect(await place.clock.until(one.runtime.run(saga, ['x']).catch(codeOf))).toBe('SAGA_COMPENSATED');
    expect(outside.log).toEqual(['reserve', 'charge', 'ship', 'undo ship?', 'undo charge', 'undo reserve']);
    expect(outside.state).toBe('none');
  });

  it('A2 A3 an id that is used again answers as before, or is a conflict', async () => {
    const { place, outside, saga, one } = await begin();
    const first = await place.clock.until(one.runtime.run(saga, ['x']));
    expect(await place.clock.until(one.runtime.run(saga, ['x']))).toBe(first);
    const other = one.runtime.start(saga, ['y'], { id: 'x' }).catch(codeOf);
    expect(await place.clock.until(other)).toBe('SAGA_ID_CONFLICT');
    expect(outside.log).toEqual(['reserve', 'charge', 'ship']);
  });

  it('B7 a process that dies is followed by another, which answers recorded steps from the journal', async () => {
    const { place, outside, saga, options, one } = await begin();
    outside.hook = (point) => {
      if (point === 'ship:before' && outside.log.length === 2) {
        one.kill();
        return new Promise(() => {});
      }
      return undefined;
    };
    void one.runtime.run(saga, ['x']).catch(() => {});
    await place.clock.advance(500);
    expect(outside.log).toEqual(['reserve', 'charge']);
    outside.hook = () => {};
    const two = processOn(place, options, 2);
    expect(await place.clock.until(two.runtime.handle(saga, 'x').outcome())).toBe('reserve done, charge done, ship done');
    expect(outside.log).toEqual(['reserve', 'charge', 'ship']);
  });

  it('A12 a cancel that comes before the start is met by it', async () => {
    const { place, outside, saga, one } = await begin();
    await one.runtime.admin.cancel('place', 'x', audit);
    expect(await place.clock.until(one.runtime.run(saga, ['x']).catch(codeOf))).toBe('SAGA_COMPENSATED');
    expect(outside.log).toEqual([]);
  });

  it('H8 every commit of a run is a no-op when it is repeated, and an error with other data', async () => {
    const { place, outside, saga, one } = await begin();
    outside.hook = (point) => {
      if (point === 'charge:after') throw new Error('lost');
    };
    await place.clock.until(one.runtime.run(saga, ['x']).catch(codeOf));
    const before = await one.store.load('place/x');
    const commits = one.commits.filter(({ entries }) => entries.length > 0);
    expect(commits.length).toBeGreaterThan(4);
    const other = place.connect();
    for (const change of [...commits]) {
      expect(await other.commit(change)).toMatchObject({ applied: false, head: { version: before?.head.version } });
      const entries = change.entries.map((entry) => ({ ...entry, data: `${String(entry.data)} ` }));
      await expect(other.commit({ ...change, entries } satisfies Change)).rejects.toMatchObject({ reason: 'key' });
      const types = change.entries.map((entry) => ({ ...entry, type: 'of another type' }));
      await expect(other.commit({ ...change, entries: types })).rejects.toMatchObject({ reason: 'key' });
    }
    expect(await one.store.load('place/x')).toEqual(before);
  });

  it('S4 a reader between any two writes sees whole changes: the journal, the head and what is due are of one mind', async () => {
    const { place, saga, options } = await begin();
    const reader = place.connect();
    const seen: string[] = [];
    const broken: string[] = [];
    const two = processOn(place, options, 2, async () => {
      const { head, entries } = (await reader.load('place/y')) as Loaded;
      const last = entries.at(-1)?.type ?? '';
      seen.push(last);
      const ended = last === 'saga.completed';
      const due = (await reader.scan({ order: 'wake' })).heads.length === 1;
      if (head.length !== entries.length) broken.push(`${last}: ${head.length} of ${entries.length} entries`);
      if (head.status !== (ended ? 'completed' : 'running')) broken.push(`${last}: ${head.status}`);
      if (ended !== (head.owner === null) || ended === due) broken.push(`${last}: owner ${head.owner}, due ${due}`);
    });
    await place.clock.until(two.runtime.run(saga, ['y']));
    expect(broken).toEqual([]);
    // An outcome is never there without the intent that came with it.
    expect(seen).toEqual(['step.started', 'step.started', 'step.started', 'saga.completed']);
  });
});

describe('K5 a store that is too weak', () => {
  const strong = (requires: 'process' | 'host' | 'replicated') => defineSaga(`needs-${requires}`, { requires }, async () => {});
  const step = defineStep('s', { readOnly: true }, async () => {});

  it('is refused at the start, by the name of the saga, and when a saga is registered later', async () => {
    for (const requires of ['host', 'replicated'] as const) {
      const sentence = new RegExp(`saga needs-${requires}: it requires the durability "${requires}", and the store offers "process"`);
      expect(() => createRuntime({ store: memoryStore(), sagas: [strong(requires)], steps: [step], worker: false })).toThrow(sentence);
      await using runtime = createRuntime({ store: memoryStore(), worker: false });
      expect(() => runtime.register({ sagas: [strong(requires)] })).toThrow(sentence);
      await expect(runtime.run(strong(requires), [])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });

  it('is one that offers less than is required, and no other', async () => {
    const { connect } = await (STORES['SQLite'] as () => Promise<Place>)();
    const host = connect();
    expect(() => createRuntime({ store: host, sagas: [strong('process'), strong('host')], worker: false })).not.toThrow();
    expect(() => createRuntime({ store: host, sagas: [strong('replicated')], worker: false })).toThrow(/offers "host"/);
    expect(() => createRuntime({ store: memoryStore(), sagas: [strong('process')], worker: false })).not.toThrow();
  });
});
