import type { Query } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, Value } from './driver/driver.js';
import { loadDriver } from './driver/load.js';
import { openFile } from './open-file.js';
import { SqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
let asked: { readonly sql: string; readonly values: readonly Value[] }[];
let store: SqliteStore;

/** A connection that keeps what it is asked. */
function heard(connection: Connection): Connection {
  return {
    exec: (sql) => connection.exec(sql),
    close: () => connection.close(),
    prepare(sql) {
      const statement = connection.prepare(sql);
      const hear = (values: readonly Value[]): void => {
        if (/^\s*(SELECT|UPDATE|DELETE)/.test(sql)) asked.push({ sql, values });
      };
      return {
        run: (values) => (hear(values), statement.run(values)),
        insert: (values) => statement.insert(values),
        get: (values) => (hear(values), statement.get(values)),
        all: (values) => (hear(values), statement.all(values)),
      };
    },
  };
}

/** How SQLite finds what each statement reads. */
function plans(): readonly string[] {
  const connection = loadDriver().open(place.file);
  const found = asked.flatMap(({ sql, values }) => connection.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(values));
  connection.close();
  return found.map(({ detail }) => String(detail));
}

beforeEach(async () => {
  place = await temporary();
  const opened = openFile(loadDriver(), { path: place.file, namespace: 'default', busyTimeoutMs: 1_000 });
  asked = [];
  store = new SqliteStore({ ...opened, connection: heard(opened.connection) }, {});
  const data = (key: string) => ({ key, type: 't', data: 'x' });
  const head = { status: 's', tags: { t: 'v' }, wake: { inMs: 0 }, owner: 'w' };
  const made = await store.commit({ id: 'a', expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [data('k0')], head });
  const many = Array.from({ length: 99 }, (_, i) => data(`more-${i}`));
  const next = await store.commit({ id: 'a', expect: made.head, entries: many, head: { tags: {} }, trimTo: 70 });
  await store.commit({ id: 'a', expect: next.head, entries: [data('last')] });
  // Refused, which reads what the others do not.
  await store.commit({ id: 'a', expect: made.head, entries: [data('other')] }).catch(() => {});
});
afterEach(async () => {
  await store.close();
  await place.remove();
});

/** Rows that are walked, and orders that are made by sorting. */
const walked = (): readonly string[] => plans().filter((plan) => /^SCAN (head|entry|tag)\b(?!.* LIMIT)|TEMP B-TREE/.test(plan));

/** Of `UNIQUE (ns, id)`. */
const BY_ID = 'sqlite_autoindex_head_1';

describe('the queries on a file with very many runs', () => {
  it('find what is due by the index of what is due, and sort nothing', async () => {
    asked = [];
    await store.claim({ owner: 'w', kinds: ['k'], leaseMs: 5, limit: 3 });
    await store.claim({ owner: 'w', kinds: ['k', 'l'], names: ['n', 'm'], leaseMs: 5, limit: 3 });
    expect(plans().filter((plan) => plan.includes('INDEX head_due')).length).toBeGreaterThan(3);
    // The last entry alone, for the time.
    expect(new Set(walked())).toEqual(new Set(['SCAN entry']));
  });

  it('write, load, renew and drop without walking through anything', async () => {
    await store.load('a');
    await store.load('a', { from: 80, limit: 5 });
    await store.renew('w', ['a'], 5);
    const { head } = (await store.load('a', { limit: 0 })) as NonNullable<Awaited<ReturnType<typeof store.load>>>;
    await store.drop('a', head);
    // The last entry alone, for the time.
    expect(new Set(walked())).toEqual(new Set(['SCAN entry']));
  });

  it.each<[string, Query, string]>([
    ['all', {}, BY_ID],
    ['a page', { after: 'a' }, BY_ID],
    ['a status', { status: ['s'] }, 'head_status'],
    ['a status, a page', { status: ['s'], after: 'a' }, 'head_status'],
    ['a status of a kind', { status: ['s'], kind: 'k', name: 'n' }, 'head_status'],
    ['what wakes of a kind', { kind: 'k', order: 'wake' }, 'head_due'],
    ['what wakes of a kind, a page', { kind: 'k', order: 'wake', after: '5:a' }, 'head_due'],
  ])('list %s in the order of an index', async (_, query, index) => {
    asked = [];
    await store.scan(query);
    expect(plans()).toHaveLength(1);
    expect(plans()[0]).toContain(`SEARCH head USING INDEX ${index} (`);
  });

  it('list by a tag what has the tag, and nothing else is read', async () => {
    asked = [];
    await store.scan({ tag: { key: 't', value: 'v' } });
    expect(plans().slice(0, 2)).toEqual([
      'SEARCH tag USING COVERING INDEX tag_value (key=? AND value=?)',
      'SEARCH head USING INTEGER PRIMARY KEY (rowid=?)',
    ]);
  });
});
