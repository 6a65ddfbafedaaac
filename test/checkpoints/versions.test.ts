import { checkpointed, TrackedMap } from '@redress/core';
import type { Checkpoints, CheckpointOptions, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import ts from 'typescript';
import * as v from 'valibot';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

class Wallet {
  cents = 0;
  currency = 'EUR';
  readonly notes = new TrackedMap<string, string>();
}

const V1 = z.object({ cents: z.number(), notes: z.map(z.string(), z.string()) });
const V2 = z.object({ cents: z.number(), currency: z.string().length(3), notes: z.map(z.string(), z.string()) });
const STREAM = 'checkpoint/Wallet/w';

function open(store: Store, options: CheckpointOptions): { readonly wallet: Wallet; readonly handle: Checkpoints } {
  const wallet = new Wallet();
  return { wallet, handle: checkpointed(wallet, { id: 'w', store, ...options }) };
}

async function stored(state: CheckpointOptions['state'] = V1): Promise<() => Store> {
  const shared = createMemoryDatabase();
  const place = (): Store => memoryStore({ shared });
  const { wallet, handle } = open(place(), { ...(state && { state }) });
  await handle.run('fill', () => {
    wallet.cents = 5;
    wallet.notes.set('a', 'first');
  });
  await handle.save();
  await handle.savepoint('v1');
  return place;
}

const contents = async (store: Store): Promise<string> => JSON.stringify(await store.load(STREAM));

async function expectRefused(place: () => Store, options: CheckpointOptions, error: object): Promise<void> {
  const before = await contents(place());
  const { wallet, handle } = open(place(), options);
  await expect(handle.start()).rejects.toMatchObject(error);
  await expect(handle.run('use', () => wallet.cents)).rejects.toMatchObject(error);
  expect(await contents(place())).toBe(before);
}

describe('a state that was stored under another schema', () => {
  it('is brought to today’s, and validated', async () => {
    const place = await stored();
    const { wallet, handle } = open(place(), { state: V2, version: 2, migrate: { 1: (old) => ({ ...old, currency: 'USD' }) } });
    expect(await handle.start()).toMatchObject({ number: 1, schemaVersion: 1 });
    expect([wallet.cents, wallet.currency, [...wallet.notes]]).toEqual([5, 'USD', [['a', 'first']]]);
    await handle.run('spend', () => (wallet.cents -= 1));
    expect(await handle.save()).toMatchObject({ kind: 'base' });
    await expectRefused(place, { state: V1 }, { code: 'CHECKPOINT_FUTURE_VERSION', message: expect.stringMatching(/version 2.*knows 1/) });
  });

  it('SC2 is refused when a step is missing, throws, or gives what does not fit, and nothing is written', async () => {
    const place = await stored();
    const bad: readonly (readonly [CheckpointOptions, object])[] = [
      [
        { version: 3, migrate: { 1: (old) => old } },
        { code: 'CHECKPOINT_MIGRATION', from: 2 },
      ],
      [{ version: 2 }, { code: 'CHECKPOINT_MIGRATION', from: 1 }],
      [
        {
          version: 2,
          migrate: {
            1: () => {
              throw new Error('bad data');
            },
          },
        },
        { code: 'CHECKPOINT_MIGRATION', message: expect.stringMatching(/bad data/) },
      ],
      [
        { version: 2, migrate: { 1: (old) => ({ ...old, currency: 'Euro' }) } },
        { code: 'CHECKPOINT_MIGRATION', message: expect.stringMatching(/"currency"/) },
      ],
    ];
    for (const [options, error] of bad) await expectRefused(place, { state: V2, ...options }, error);
  });

  it('SC3 is refused when the version is the same', async () => {
    const place = await stored();
    await expectRefused(place, { state: V2 }, { code: 'CHECKPOINT_SCHEMA_DRIFT' });
    await expectRefused(place, { state: z.object({ cents: z.string(), notes: V1.shape.notes }) }, { code: 'CHECKPOINT_SCHEMA_DRIFT' });
    await open(place(), { state: z.object({ cents: z.number(), notes: z.map(z.string(), z.string()) }) }).handle.start();
    const other = await stored(v.object({ cents: v.number(), notes: v.map(v.string(), v.string()) }));
    await expectRefused(
      other,
      { state: v.object({ cents: v.bigint(), notes: v.map(v.string(), v.string()) }) },
      { code: 'CHECKPOINT_SCHEMA_DRIFT' },
    );
    expect(
      await open(other(), { state: v.object({ cents: v.number(), notes: v.map(v.string(), v.string()) }) }).handle.start(),
    ).toMatchObject({ schemaVersion: 1 });
  });

  it('SC4 is refused when a newer format or a newer V8 wrote it', async () => {
    for (const [from, to] of [
      ['"format":1', '"format":2'],
      [/"wire":\d+/, '"wire":99'],
      ['"schemaVersion":1', '"schemaVersion":9'],
    ] as const) {
      const place = await stored();
      const { createHash } = await import('node:crypto');
      const forged = (store: Store): Store => {
        const load: Store['load'] = async (id, page) => {
          const found = await store.load(id, page);
          const entries = found?.entries.map((entry) => {
            if (!/^c\d+$/.test(entry.key)) return entry;
            const json = String(entry.data).slice(17);
            expect(json).toMatch(from);
            const next = json.replace(from, to);
            return { ...entry, data: `${createHash('sha256').update(next).digest('hex').slice(0, 16)} ${next}` };
          });
          return found && { ...found, entries: entries ?? [] };
        };
        return { durability: store.durability, load, commit: (one) => store.commit(one), claim: (one) => store.claim(one) } as Store;
      };
      await expectRefused(() => forged(place()), { state: V1 }, { code: 'CHECKPOINT_FUTURE_VERSION' });
    }
  });

  it('SC5 in a savepoint is restored under another version, id and codec', async () => {
    const place = await stored();
    const wallet = new Wallet();
    const handle = checkpointed(wallet, {
      id: 'copy',
      store: place(),
      state: V2,
      version: 3,
      migrate: { 1: (old) => ({ ...old, currency: 'USD' }), 2: (old) => ({ ...old, cents: Number(old['cents']) * 2 }) },
    });
    // A savepoint is written by the codec of the environment, checkpoints by V8's.
    await handle.start({ from: { savepoint: 'v1', id: 'w' } });
    expect([wallet.cents, wallet.currency, wallet.notes.get('a')]).toEqual([10, 'USD', 'first']);
    await handle.save();
    const again = checkpointed(new Wallet(), { id: 'copy', store: place(), state: V2, version: 3 });
    expect(await again.start()).toMatchObject({ number: 1, schemaVersion: 3 });
  });

  it('is validated again also when nothing has changed', async () => {
    const shared = createMemoryDatabase();
    const first = open(memoryStore({ shared }), { state: V1 });
    await first.handle.run('break', () => (first.wallet.cents = 'many' as never));
    await first.handle.save();
    await expect(open(memoryStore({ shared }), { state: V1 }).handle.start()).rejects.toMatchObject({ code: 'CHECKPOINT_MIGRATION' });
    await open(memoryStore({ shared }), { state: V1, validate: 'changed-version' }).handle.start();
  });
});

describe('fields', () => {
  it.each([true, false])('CK16 are tracked with useDefineForClassFields: %s', async (useDefineForClassFields) => {
    const source = 'class Point { x = 1; y; constructor() { this.z = 3; } } return Point;';
    const compilerOptions = { target: ts.ScriptTarget.ES2022, useDefineForClassFields };
    const { outputText } = ts.transpileModule(`function make() { ${source} }`, { compilerOptions });
    const Point = runInNewContext(`${outputText}; make()`) as new () => { x: number; y?: number; z: number };
    const point = new Point();
    const handle = checkpointed(point);
    await handle.run('move', () => Object.assign(point, { x: 10, z: 30 }));
    await handle
      .run('fail', () => {
        Object.assign(point, { x: 11, y: 22, z: 33 });
        throw new Error('no');
      })
      .catch(() => {});
    expect({ ...point }).toMatchObject({ x: 10, z: 30 });
    expect(point.y).toBeUndefined();
  });
});
