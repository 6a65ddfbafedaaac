import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { currentScope, defineSaga, defineStep, RefusedError } from '@redress/core';
import type { Entry, Head, RunStatus, Store, UndoOf } from '@redress/core';
import { World } from './support.js';

/** A run as a release has left it in a store, and what it leads to. */
export interface JournalFile {
  readonly release: string;
  readonly saga: string;
  readonly id: string;
  readonly args: readonly unknown[];
  readonly head: Pick<Head, 'status' | 'owner' | 'wakeAt' | 'claims' | 'tags'> & { readonly meta: string };
  readonly entries: readonly (Pick<Entry, 'key' | 'type'> & { readonly data: string })[];
  /** Sent once the run is there, when it waits for it. */
  readonly signal?: { readonly name: string; readonly value: unknown };
  readonly leadsTo: {
    readonly status: RunStatus;
    readonly end: string;
    /** What the outside sees from here on: steps and undos, with their keys. */
    readonly effects: readonly string[];
  };
}

const FOLDER = fileURLToPath(new URL('journals', import.meta.url));

export function readJournals(): readonly (readonly [name: string, file: JournalFile])[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as JournalFile]);
}

/** The sagas whose journals are kept. They must not change: a later release replays what an earlier one wrote. */
export function travel(world: World, at: (point: string) => unknown = () => {}) {
  const effects: string[] = [];
  const step = (name: string, refuse?: (input: Trip) => boolean) =>
    defineStep(
      name,
      {
        compensate: async (undo: UndoOf<[Trip], Booked>) => {
          effects.push(`undo ${name} ${undo.outcome} ${undo.key}`);
          await at(`undo ${name}`);
        },
        undo: { total: true },
      },
      async (input: Trip): Promise<Booked> => {
        effects.push(`${name} ${currentScope()?.step?.key}`);
        await at(name);
        if (refuse?.(input)) throw new RefusedError('no room', { code: 'FULL', details: { left: 0n } });
        return { of: name, on: input.on, seats: new Map([['12A', input.who]]), price: 199n };
      },
    );
  const [flight, hotel, car] = [step('flight'), step('hotel'), step('car', ({ who }) => who === 'bob')];
  const saga = defineSaga('trip', { id: (id: string, _input: Trip) => id }, async (run, id, input) => {
    const [out, room] = await Promise.all([run.step(flight, input), run.step(hotel, input)]);
    const answer = input.who === 'eve' ? await run.receive<string>('answer') : 'unasked';
    const wheels = await run.step(car, { ...input, on: out.on });
    return `${id}: ${answer}, ${[out, room, wheels].map(({ of, price }) => `${of} for ${price}`).join(', ')}`;
  });
  const options = { sagas: [saga], steps: [flight, hotel, car], lease: 1_000 as const, poll: 50 };
  return { world, effects, saga, options };
}

export interface Trip {
  readonly who: string;
  readonly on: Date;
}

interface Booked {
  readonly of: string;
  readonly on: Date;
  readonly seats: ReadonlyMap<string, string>;
  readonly price: bigint;
}

/** What a finished run answers, in words. */
export async function endOf(world: World, end: Promise<string>): Promise<string> {
  return world.clock.until(
    end.catch((error: { code?: string; cause?: { code?: string; message?: string } }) =>
      [error.code, error.cause?.code, error.cause?.message].join(' '),
    ),
  );
}

const ON = new Date(Date.UTC(2026, 4, 1));

/** The kept situations, each made by a real run of this release. */
export async function makeJournals(release: string): Promise<Readonly<Record<string, JournalFile>>> {
  const made: Record<string, JournalFile> = {};
  for (const [name, who, stopAt] of [
    ['completed', 'ann', undefined],
    ['interrupted', 'ann', 'car'],
    ['waiting', 'eve', undefined],
    ['compensating', 'bob', 'undo flight'],
    ['compensated', 'bob', undefined],
  ] as const) {
    const world = new World();
    const journey = travel(world, (point) => {
      if (point !== stopAt) return undefined;
      one.kill();
      return new Promise(() => {});
    });
    const one = world.process(journey.options);
    void one.runtime.run(journey.saga, ['x', { who, on: ON }]).catch(() => {});
    await world.clock.advance(2_000);
    one.kill();
    const found = await world.store.load('trip/x');
    if (!found) throw new Error(`${name}: there is no run.`);
    const { status, wakeAt, claims, tags, meta } = found.head;
    const head = { status, owner: null, wakeAt: wakeAt === null ? null : 0, claims, tags: { ...tags }, meta: String(meta) };
    const entries = found.entries.map(({ key, type, data }) => ({ key, type, data: String(data) }));
    const signal = name === 'waiting' ? { signal: { name: 'answer', value: 'by all means' } } : {};
    const file = { release, saga: 'trip', id: 'x', args: ['x', { who, on: ON.toISOString() }], head, entries, ...signal };
    made[name] = { ...file, leadsTo: await follow({ ...file, leadsTo: { status: 'running', end: '', effects: [] } }) };
  }
  return made;
}

/** Puts a kept journal into a store, and lets this release's code go on with it. */
export async function follow(file: JournalFile): Promise<JournalFile['leadsTo']> {
  const world = new World();
  const { effects, saga, options } = travel(world);
  await place(world.store, file);
  const { runtime } = world.process(options);
  if (file.signal) await runtime.signal(saga, file.id, file.signal.name, file.signal.value);
  const end = await endOf(world, runtime.handle(saga, file.id).outcome());
  return { status: (await runtime.admin.show(file.saga, file.id)).status, end, effects };
}

async function place(store: Store, { saga, id, head, entries }: JournalFile): Promise<void> {
  const { wakeAt, ...rest } = head;
  const wake = wakeAt === null ? null : { inMs: 0 };
  const create = { kind: 'saga', name: saga };
  await store.commit({ id: `${saga}/${id}`, expect: 'absent', create, entries: [...entries], head: { ...rest, wake } });
}

export function writeJournals(files: Readonly<Record<string, JournalFile>>): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, file] of Object.entries(files)) {
    writeFileSync(`${FOLDER}/${file.release}-${name}.json`, `${JSON.stringify(file, null, 2)}\n`);
  }
}
