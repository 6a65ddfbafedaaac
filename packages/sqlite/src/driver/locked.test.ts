import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporary } from '../temporary.fixture.js';
import type { Temporary } from '../temporary.fixture.js';
import { isBusy } from './driver.js';
import type { Connection, Driver, DriverName } from './driver.js';
import { loadDriver } from './load.js';

let place: Temporary;
beforeEach(async () => {
  place = await temporary();
});
afterEach(() => place.remove());

const NAMES: readonly DriverName[] = ['libsql', 'better-sqlite3', 'node:sqlite'];

function loaded(name: DriverName): Driver | undefined {
  try {
    return loadDriver(name);
  } catch {
    return undefined;
  }
}

/** Two connections to a table of three numbers, whose log is not made yet: so the first can lock out all reading. */
function two(driver: Driver): readonly [Connection, Connection] {
  const [first, second] = [driver.open(place.file), driver.open(place.file)];
  for (const connection of [first, second]) connection.exec('PRAGMA busy_timeout = 0');
  first.exec('CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1), (2), (3)');
  return [first, second];
}

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe.each(NAMES)('a statement of %s that finds the file locked', (name) => {
  const driver = loaded(name);

  it.runIf(driver).each(['get', 'all', 'run', 'insert'] as const)('leaves no snapshot behind: %s', (call) => {
    const [first, second] = two(driver as Driver);
    const writes = call === 'run' || call === 'insert';
    const statement = second.prepare(writes ? 'INSERT INTO t VALUES (?)' : 'SELECT x FROM t WHERE x = ?');
    const count = second.prepare('SELECT count(*) AS n FROM t');
    first.exec('BEGIN EXCLUSIVE');
    expect(isBusy(errorOf(() => statement[call]([1])))).toBe(true);
    first.exec('COMMIT; PRAGMA journal_mode = WAL');
    expect(count.all([])).toMatchObject([{ n: 3 }]);
    first.exec('INSERT INTO t VALUES (4)');
    expect(count.all([])).toMatchObject([{ n: 4 }]);
    second.exec('BEGIN IMMEDIATE; COMMIT');
    first.close();
    second.close();
  });

  it.runIf(driver)('is done with the values of its next call, and no other', () => {
    const [first, second] = two(driver as Driver);
    const get = second.prepare('SELECT x FROM t WHERE x = ?');
    const all = second.prepare('SELECT x FROM t WHERE x = ?');
    const insert = second.prepare('INSERT INTO t VALUES (?)');
    first.exec('BEGIN EXCLUSIVE');
    for (const call of [() => get.get([1]), () => all.all([1]), () => insert.run([5])]) expect(isBusy(errorOf(call))).toBe(true);
    first.exec('COMMIT');
    for (const x of [2, 3, 2]) expect(get.get([x])).toMatchObject({ x });
    expect(get.get([9])).toBeUndefined();
    expect(all.all([3])).toMatchObject([{ x: 3 }]);
    expect(insert.run([6])).toBe(1);
    expect(second.prepare('SELECT x FROM t WHERE x > 3').all([])).toMatchObject([{ x: 6 }]);
    first.close();
    second.close();
  });

  it.runIf(driver)('is not done a second time when it failed once', () => {
    const [first, second] = two(driver as Driver);
    // Its first row is refused, and would not be a second time.
    first.exec(`CREATE TABLE tries (x); CREATE TRIGGER once BEFORE INSERT ON t BEGIN
      INSERT INTO tries VALUES (1); SELECT RAISE(FAIL, 'not now') WHERE (SELECT count(*) FROM tries) = 1; END`);
    expect(errorOf(() => second.prepare('INSERT INTO t VALUES (?)').run([5]))).toBeInstanceOf(Error);
    const found = first.prepare('SELECT (SELECT count(*) FROM tries) AS tries, (SELECT count(*) FROM t) AS rows');
    expect(found.get([])).toMatchObject({ tries: 1, rows: 3 });
    first.close();
    second.close();
  });

  it.runIf(driver)('is done with its own values after an error of another kind', () => {
    const [first, second] = two(driver as Driver);
    first.exec("CREATE TABLE u (x INTEGER PRIMARY KEY, y TEXT); INSERT INTO u VALUES (1, 'a')");
    const add = second.prepare("INSERT INTO u VALUES (?, 'b') RETURNING x");
    expect(errorOf(() => add.get([1]))).toBeInstanceOf(Error);
    expect(add.get([2])).toMatchObject({ x: 2 });
    expect(second.prepare('SELECT x, y FROM u').all([])).toMatchObject([
      { x: 1, y: 'a' },
      { x: 2, y: 'b' },
    ]);
    first.close();
    second.close();
  });
});
