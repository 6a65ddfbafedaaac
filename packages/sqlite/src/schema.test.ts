import type { Head, Store } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, Driver } from './driver/driver.js';
import { loadDriver } from './driver/load.js';
import { openFile } from './open-file.js';
import { SCHEMA_VERSION, TABLES } from './schema.js';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
beforeEach(async () => {
  place = await temporary();
});
afterEach(() => place.remove());

/** Something else that has the file open, for as long as `work` takes. */
function beside<T>(work: (connection: Connection) => T): T {
  const connection = loadDriver().open(place.file);
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}
const run = (sql: string): void => beside((connection) => connection.exec(sql));
const names = (): readonly unknown[] =>
  beside((connection) => connection.prepare("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all([])).map(
    ({ name }) => name,
  );

const data = (key: string) => ({ key, type: 't', data: key });
async function works(store: Store): Promise<Head> {
  const create = { kind: 'k', name: 'n' };
  const { head } = await store.commit({ id: 'a', expect: 'absent', create, entries: [data('k0')], head: { tags: { t: 'v' } } });
  const next = await store.commit({ id: 'a', expect: head, entries: [data('k1')], head: { status: 's', wake: { inMs: 0 } } });
  expect(await store.claim({ owner: 'w', kinds: ['k'], leaseMs: 1_000, limit: 1 })).toHaveLength(1);
  return next.head;
}

/** Each statement of the schema, one after the other. */
const STATEMENTS = TABLES.split(';').filter((one) => one.trim() !== '');

describe('S2 a schema whose making was cut short', () => {
  it('at any statement is none, and the next opening makes all of it', async () => {
    await sqliteStore(place.file).close();
    const whole = names();
    for (let done = 0; done <= STATEMENTS.length; done++) {
      await place.remove();
      place = await temporary();
      // As the opening does it, until the process dies: its connection is gone, and nothing is committed.
      run('PRAGMA journal_mode = WAL');
      run(`BEGIN IMMEDIATE; ${STATEMENTS.slice(0, done).join(';')};`);
      expect(names()).toEqual([]);
      await using store = sqliteStore(place.file);
      await works(store);
      expect(names()).toEqual(whole);
    }
    expect(STATEMENTS.length).toBeGreaterThan(8);
  });

  it('by an error is taken back by the opening itself, which says so; the next one makes all of it', async () => {
    const whole = loadDriver();
    const full: Driver = {
      name: whole.name,
      open(file) {
        const connection = whole.open(file);
        const exec = (sql: string): void => {
          if (!sql.includes(TABLES)) return connection.exec(sql);
          connection.exec(STATEMENTS.slice(0, 4).join(';'));
          throw new Error('disk full');
        };
        return { exec, prepare: (sql) => connection.prepare(sql), close: () => connection.close() };
      },
    };
    expect(() => openFile(full, { path: place.file, namespace: 'default', busyTimeoutMs: 100 })).toThrow(/cannot be opened/);
    expect(names()).toEqual([]);
    await using store = sqliteStore(place.file);
    await works(store);
  });
});

describe('S3 a file that a newer release has changed', () => {
  it('goes on serving the release that has it open, as long as what it knows is there', async () => {
    await using store = sqliteStore(place.file);
    const head = await works(store);
    run('ALTER TABLE head ADD COLUMN later TEXT; ALTER TABLE entry ADD COLUMN later ANY; CREATE TABLE later (x)');
    run(`CREATE INDEX head_later ON head (later); PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const claimed = (await store.load('a'))?.head as Head;
    expect(claimed.version).toBe(head.version + 1);
    expect((await store.commit({ id: 'a', expect: claimed, entries: [data('k2')], head: { tags: { t: 'w' } } })).applied).toBe(true);
    await store.commit({ id: 'b', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [data('k0')] });
    expect((await store.load('a'))?.entries.map((entry) => entry.key)).toEqual(['k0', 'k1', 'k2']);
    expect((await store.scan({ tag: { key: 't', value: 'w' } })).heads.map(({ id }) => id)).toEqual(['a']);
    expect(await store.drop('b', (await store.load('b'))?.head as Head)).toBe(true);
  });

  it('is not opened anew by the older release: it is named, and left as it is', async () => {
    await sqliteStore(place.file).close();
    run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    expect(() => sqliteStore(place.file)).toThrow(expect.objectContaining({ code: 'CONFIG_STORE_NEWER' }));
    expect(beside((connection) => connection.prepare('PRAGMA user_version').get([]))).toMatchObject({ user_version: SCHEMA_VERSION + 1 });
    run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    await using store = sqliteStore(place.file);
    await works(store);
  });
});

describe('S4 a change whose writing breaks off between two of its writes', () => {
  // Each breaks one statement of the commit below: of its first entry, its second, the head, the old tags, the new one.
  it.each([
    "BEFORE INSERT ON entry WHEN NEW.key = 'k2'",
    "BEFORE INSERT ON entry WHEN NEW.key = 'k3'",
    'BEFORE UPDATE ON head',
    'BEFORE DELETE ON tag',
    'BEFORE INSERT ON tag',
    'BEFORE UPDATE ON entry',
  ])('is not there at all for any reader: %s', async (moment) => {
    await using store = sqliteStore(place.file);
    await using reader = sqliteStore(place.file);
    await works(store);
    const before = await reader.load('a');
    const { head } = before as NonNullable<typeof before>;
    run(`CREATE TRIGGER broken ${moment} BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END`);
    const change = { id: 'a', expect: head, entries: [data('k2'), data('k3')], head: { status: 'after', tags: { t: 'after' } }, trimTo: 1 };
    await expect(store.commit(change)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    for (const one of [store, reader]) {
      expect(await one.load('a')).toEqual(before);
      expect((await one.scan({ tag: { key: 't', value: 'v' } })).heads).toHaveLength(1);
    }
    run('DROP TRIGGER broken');
    expect((await store.commit(change)).applied).toBe(true);
    expect((await reader.load('a'))?.entries.map((entry) => entry.key)).toEqual(['k1', 'k2', 'k3']);
  });
});
