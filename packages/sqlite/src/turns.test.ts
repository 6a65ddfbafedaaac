import type { Change, Commit } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from './driver/driver.js';
import { loadDriver } from './driver/load.js';
import { openFile } from './open-file.js';
import { SqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

/** A connection that keeps count, and fails where it is told to. */
interface Watched extends Connection {
  readonly ran: string[];
  failOn: RegExp | undefined;
}

function watch(connection: Connection): Watched {
  const watched: Watched = {
    ran: [],
    failOn: undefined,
    exec: (sql) => connection.exec(sql),
    close: () => connection.close(),
    prepare(sql) {
      const statement = connection.prepare(sql);
      const run = (values: Parameters<typeof statement.run>[0]): number => {
        watched.ran.push(sql);
        if (watched.failOn?.test(sql)) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR', rawCode: 10 });
        return statement.run(values);
      };
      return { ...statement, run };
    },
  };
  return watched;
}

let place: Temporary;
let connection: Watched;
let store: SqliteStore;

beforeEach(async () => {
  place = await temporary();
  const opened = openFile(loadDriver(), { path: place.file, namespace: 'default', busyTimeoutMs: 1_000 });
  connection = watch(opened.connection);
  store = new SqliteStore({ ...opened, connection }, {});
});
afterEach(async () => {
  connection.failOn = undefined;
  await store.close();
  await place.remove();
});

function creation(id: string): Change {
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'k', type: 't', data: 'x' }] };
}

function createMany(from: number, count: number): Promise<Commit>[] {
  return Array.from({ length: count }, (_, i) => store.commit(creation(`s${from + i}`)));
}

function transactions(): number {
  return connection.ran.filter((sql) => sql === 'BEGIN IMMEDIATE').length;
}

describe('what is asked for in one turn', () => {
  it('shares one transaction, refusals included', async () => {
    await store.commit(creation('s0'));
    connection.ran.length = 0;
    const other = { ...creation('s0'), entries: [{ key: 'k', type: 't', data: 'other' }] };
    const asked = await Promise.allSettled([...createMany(1, 99), store.commit(other), store.renew('w', ['s1'], 5)]);
    expect(asked[99]).toMatchObject({ status: 'rejected', reason: { reason: 'key' } });
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    expect(transactions()).toBe(1);
    expect(connection.ran.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
  });

  it('shares one transaction with what comes before its turn ends', async () => {
    const first = store.commit(creation('a'));
    await Promise.resolve();
    await Promise.all([first, store.commit(creation('b'))]);
    expect(transactions()).toBe(1);
  });

  it('is judged with all that came before it: a commit that is repeated in its own turn is found there', async () => {
    const commit = creation('a');
    const answers = await Promise.all([store.commit(commit), store.commit(commit), store.commit(creation('b'))]);
    expect(answers.map(({ applied }) => applied)).toEqual([true, false, true]);
    const other = { ...commit, entries: [{ key: 'k', type: 't', data: 'other' }] };
    const [, refused] = await Promise.allSettled([store.commit(creation('c')), store.commit({ ...other, id: 'c' })]);
    expect(refused).toMatchObject({ reason: { reason: 'key' } });
  });

  it('is answered as unknown as a whole when the disk fails at the end, and none of it is there', async () => {
    connection.failOn = /^COMMIT$/;
    const results = await Promise.allSettled(createMany(0, 10));
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE', retryable: true } });
    connection.failOn = undefined;
    expect((await store.scan({})).heads).toEqual([]);
    expect((await Promise.all(createMany(0, 10))).every(({ applied }) => applied)).toBe(true);
  });

  it('is answered as unknown as a whole when the disk fails in the middle', async () => {
    connection.failOn = /INSERT INTO entry/;
    const results = await Promise.allSettled(createMany(0, 3));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    connection.failOn = undefined;
    expect((await store.scan({})).heads).toEqual([]);
    await Promise.all(createMany(0, 3));
  });

  it('fails alone where only one of it cannot be written: the others of its turn are answered', async () => {
    connection.exec("CREATE TRIGGER broken BEFORE INSERT ON entry WHEN NEW.key = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END");
    const bad = { ...creation('bad'), entries: [{ key: 'bad', type: 't', data: 'x' }] };
    const results = await Promise.allSettled([...createMany(0, 5), store.commit(bad), ...createMany(5, 5)]);
    expect(results.map(({ status }) => status)).toEqual([...Array(5).fill('fulfilled'), 'rejected', ...Array(5).fill('fulfilled')]);
    expect(results[5]).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE' } });
    expect((await store.scan({})).heads.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, i) => `s${i}`));
    await Promise.all(createMany(10, 5));
    expect(transactions()).toBe(1 + 11 + 1);
  });

  it('is done in several transactions when it is very much', async () => {
    await Promise.all(createMany(0, 2_500));
    expect(transactions()).toBe(3);
    expect((await store.scan({ limit: 1_000 })).heads).toHaveLength(1_000);
  });

  it('takes no lock when a claim finds nothing due', async () => {
    expect(await store.claim({ owner: 'w', kinds: ['k'], leaseMs: 1_000, limit: 5 })).toEqual([]);
    expect(transactions()).toBe(0);
  });
});
