import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { endOf, follow, makeJournals, readJournals, travel, writeJournals } from './journal-files.js';
import type { JournalFile, Trip } from './journal-files.js';
import { World } from './support.js';

const { version } = JSON.parse(readFileSync(new URL('../../packages/core/package.json', import.meta.url), 'utf8')) as { version: string };

// Before each release, and what it has written is committed.
const WRITE = 'REDRESS_JOURNALS=write npx vitest run test/saga/journals.test.ts';
beforeAll(async () => {
  if (process.env['REDRESS_JOURNALS'] === 'write') writeJournals(await makeJournals(version));
});

describe('G6 a journal that a release has written', () => {
  const kept = process.env['REDRESS_JOURNALS'] === 'write' ? [] : readJournals();

  it('is kept for the present release, in each situation', async () => {
    const names = readJournals().map(([name]) => name);
    const situations = Object.keys(await makeJournals(version));
    expect(situations).toEqual(['completed', 'interrupted', 'waiting', 'compensating', 'compensated']);
    expect(names, WRITE).toEqual(expect.arrayContaining(situations.map((one) => `${version}-${one}.json`)));
  });

  it.each(kept)('leads to the same end, with the same effects, under today’s code: %s', async (_name, file) => {
    expect(await follow(file)).toEqual(file.leadsTo);
  });

  it.each(kept.filter(([, { head }]) => head.status === 'completed'))(
    'answers a repeated start with its result: %s',
    async (_name, file) => {
      const world = new World();
      const { effects, saga, options } = travel(world);
      const { runtime } = world.process(options);
      const { head, entries } = file;
      const create = { kind: 'saga', name: file.saga };
      await world.store.commit({
        id: 'trip/x',
        expect: 'absent',
        create,
        entries: [...entries],
        head: { status: head.status, wake: null },
      });
      const [id, trip] = file.args as [string, { who: string; on: string }];
      const input: Trip = { who: trip.who, on: new Date(trip.on) };
      expect(await endOf(world, runtime.run(saga, [id, input]))).toBe(file.leadsTo.end);
      expect(await endOf(world, runtime.run(saga, [id, { ...input, who: 'mallory' }]))).toContain('SAGA_ID_CONFLICT');
      expect(effects).toEqual([]);
    },
  );

  it.each(kept.filter(([, { head }]) => head.status === 'completed'))(
    'replays to the same result without its end: %s',
    async (_name, file) => {
      const entries = file.entries.filter(({ type }) => type !== 'saga.completed');
      const unfinished: JournalFile = { ...file, entries, head: { ...file.head, status: 'running', wakeAt: 0 } };
      expect(await follow(unfinished)).toEqual({ ...file.leadsTo, effects: [] });
    },
  );
});
