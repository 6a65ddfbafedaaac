import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Driver } from './driver/driver.js';
import { loadDriver } from './driver/load.js';
import { openFile } from './open-file.js';
import { sqliteStore } from './sqlite-store.js';
import type { SqliteStoreOptions } from './options.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
beforeEach(async () => {
  place = await temporary();
});
afterEach(() => place.remove());

function complaint(file: unknown, options: unknown = {}): ConfigurationError {
  try {
    void sqliteStore(file as string, options as SqliteStoreOptions).close();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('It opened.');
}

function run(file: string, sql: string): void {
  const connection = loadDriver().open(file);
  connection.exec(sql);
  connection.close();
}

/** Each text is refused twice, when it is prepared and when it runs; but for what takes no lock. */
function lockedOnce(driver: Driver, found: Set<string>): Driver {
  const once = <T>(text: string, work: () => T): T => {
    if (found.has(text) || /busy_timeout|ROLLBACK/.test(text)) return work();
    found.add(text);
    throw Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY', rawCode: 5 });
  };
  return {
    name: driver.name,
    open(file) {
      const connection = driver.open(file);
      return {
        exec: (sql) => once(sql, () => connection.exec(sql)),
        close: () => connection.close(),
        prepare(sql) {
          const statement = once(`prepare ${sql}`, () => connection.prepare(sql));
          return {
            run: (values) => once(sql, () => statement.run(values)),
            insert: (values) => once(sql, () => statement.insert(values)),
            get: (values) => once(sql, () => statement.get(values)),
            all: (values) => once(sql, () => statement.all(values)),
          };
        },
      };
    },
  };
}

describe('opening a file', () => {
  it.each(['hello', 'x', 'no database '.repeat(1_000), '\0'.repeat(4_096)])(
    'refuses a file that is no database, and leaves it as it is',
    (text) => {
      writeFileSync(place.file, text);
      const error = complaint(place.file);
      expect(error).toMatchObject({ code: 'CONFIG_STORE_FILE' });
      expect(error.message).toContain(place.file);
      expect(error.message).toContain('no SQLite database');
      expect(readFileSync(place.file, 'utf8')).toBe(text);
      expect(readdirSync(place.folder)).toEqual(['store.db']);
    },
  );

  it('refuses a file that only begins like a database', () => {
    const text = `SQLite format 3\0${'x'.repeat(9_000)}`;
    writeFileSync(place.file, text);
    expect(complaint(place.file).code).toBe('CONFIG_STORE_FILE');
    expect(readFileSync(place.file, 'utf8')).toBe(text);
  });

  it('refuses the database of something else, and leaves it as it is', () => {
    run(place.file, 'CREATE TABLE customers (name TEXT)');
    const before = readFileSync(place.file);
    const error = complaint(place.file);
    expect(error.code).toBe('CONFIG_STORE_FILE');
    expect(error.message).toContain('a SQLite database of something else');
    expect(readFileSync(place.file).equals(before)).toBe(true);
  });

  it('refuses a database that is empty but marked by something else', () => {
    run(place.file, 'PRAGMA application_id = 7');
    expect(complaint(place.file).message).toContain('something else');
  });

  it('takes an empty file, and an empty database', async () => {
    writeFileSync(place.file, '');
    run(join(place.folder, 'empty.db'), 'CREATE TABLE t (x); DROP TABLE t;');
    for (const file of [place.file, join(place.folder, 'empty.db')]) {
      await using store = sqliteStore(file);
      expect(await store.scan({})).toEqual({ heads: [] });
    }
  });

  it('refuses a folder that is not there, and makes none', () => {
    const error = complaint(join(place.folder, 'missing', 'store.db'));
    expect(error.code).toBe('CONFIG_STORE_FILE');
    expect(error.message).toContain('there is no folder');
    expect(readdirSync(place.folder)).toEqual([]);
  });

  it('refuses a folder in place of a file', () => {
    mkdirSync(place.file);
    expect(complaint(place.file).message).toContain('it is no file');
  });

  it('refuses the tables of a later release', async () => {
    await sqliteStore(place.file).close();
    run(place.file, 'PRAGMA user_version = 99');
    const error = complaint(place.file);
    expect(error.code).toBe('CONFIG_STORE_NEWER');
    expect(error.message).toMatch(/version 99.*knows those of version 2/);
  });

  it('refuses the tables of an earlier release, and leaves them as they are', async () => {
    await sqliteStore(place.file).close();
    run(place.file, 'PRAGMA user_version = 1');
    const before = readFileSync(place.file);
    const error = complaint(place.file);
    expect(error.code).toBe('CONFIG_STORE_OLDER');
    expect(error.message).toMatch(/of version 1.*of version 2/);
    expect(readFileSync(place.file)).toEqual(before);
  });

  it('says all that is wrong with the options at once', () => {
    const error = complaint(':memory:', { namespace: '', driver: 'mysql', busyTimeoutMs: -1 });
    expect(error.code).toBe('CONFIG_STORE_OPTIONS');
    expect(error.problems).toHaveLength(4);
    for (const file of ['', 5, undefined, 'file:x.db', 'a\0b']) expect(complaint(file).code).toBe('CONFIG_STORE_OPTIONS');
  });

  it('waits for the file at whatever it does: each of its statements may find it locked', () => {
    const found = new Set<string>();
    const { connection } = openFile(lockedOnce(loadDriver(), found), { path: place.file, namespace: 'new', busyTimeoutMs: 5_000 });
    for (const sql of [/^BEGIN/, /^COMMIT/, /journal_mode/, /synchronous/, /CREATE TABLE/, /SELECT ns/, /INSERT INTO namespace/]) {
      expect([...found].some((text) => sql.test(text))).toBe(true);
    }
    connection.close();
    const plain = loadDriver().open(place.file);
    expect(plain.prepare('SELECT name FROM namespace').all([])).toMatchObject([{ name: 'new' }]);
    expect(plain.prepare('PRAGMA journal_mode').get([])).toMatchObject({ journal_mode: 'wal' });
    plain.close();
  });

  it('waits for the disk at each COMMIT, and lets readers go on', () => {
    const { connection } = openFile(loadDriver(), { path: place.file, namespace: 'default', busyTimeoutMs: 1_000 });
    expect(connection.prepare('PRAGMA synchronous').get([])).toMatchObject({ synchronous: 2 });
    expect(connection.prepare('PRAGMA journal_mode').get([])).toMatchObject({ journal_mode: 'wal' });
    connection.close();
  });

  it('keeps what is in the file in the file when it is closed', async () => {
    const store = sqliteStore(place.file);
    await store.commit({ id: 'a', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'k', type: 't', data: 'needle' }] });
    await store.close();
    expect(readFileSync(place.file).includes('needle')).toBe(true);
  });
});

describe('the driver', () => {
  it('is the best there is', () => {
    expect(loadDriver().name).toBe(Number.parseInt(process.versions.node, 10) >= 22 ? 'node:sqlite' : 'libsql');
  });

  it.runIf(Number.parseInt(process.versions.node, 10) < 22)('is refused with advice when this Node has none', () => {
    expect(complaint(place.file, { driver: 'node:sqlite' })).toMatchObject({ code: 'CONFIG_STORE_DRIVER' });
    expect(complaint(place.file, { driver: 'node:sqlite' }).message).toContain('Run on Node 22');
    expect(readdirSync(place.folder)).toEqual([]);
  });
});
