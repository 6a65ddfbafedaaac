import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError, RedressError } from '@redress/core';
import type { Connection, Driver } from './driver/driver.js';
import { isBusy, isNoDatabase, rollBack } from './driver/driver.js';
import { APPLICATION_ID, SCHEMA_VERSION, TABLES } from './schema.js';
import { nameIn } from './text.js';

/** How long SQLite may wait for a lock inside a call, where it blocks the event loop. */
const LOCK_WAIT_MS = 5;

function refuse(file: string, cause: string, remedy: string, error?: unknown, code = 'CONFIG_STORE_FILE'): never {
  throw new ConfigurationError([{ subject: `The store file ${file}`, cause, remedy }], { code, cause: error });
}

function refuseOther(file: string, error?: unknown): never {
  refuse(file, 'it is no SQLite database.', 'Name another file, or move this one away.', error);
}

export interface Opening {
  /** Absolute. */
  readonly path: string;
  readonly namespace: string;
  readonly busyTimeoutMs: number;
}

export interface Opened {
  readonly connection: Connection;
  readonly path: string;
  /** The number that stands for the namespace in the tables. */
  readonly namespace: number;
}

/**
 * Opens a file with our tables, and makes them in a new or empty file. A file of anybody else is left as it is.
 * @throws ConfigurationError (code `CONFIG_STORE_FILE`, `CONFIG_STORE_NEWER` for the tables of a later release, or
 *   `CONFIG_STORE_OLDER` for those of one before the tables took their form).
 */
export function openFile(driver: Driver, { path, namespace, busyTimeoutMs }: Opening): Opened {
  look(path);
  let connection: Connection | undefined;
  try {
    connection = driver.open(path);
    connection.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    const deadline = performance.now() + busyTimeoutMs;
    prepare(path, connection, deadline);
    return { connection, path, namespace: numberOf(connection, nameIn(namespace), deadline) };
  } catch (error) {
    connection?.close();
    if (RedressError.is(error)) throw error;
    if (isNoDatabase(error)) refuseOther(path, error);
    if (isBusy(error)) refuse(path, 'another process kept it locked.', 'Try again, or give a longer `busyTimeoutMs`.', error);
    refuse(path, 'it cannot be opened.', 'See to it that this process may write to the file and its folder.', error);
  }
}

function numberOf(connection: Connection, namespace: string, deadline: number): number {
  return patiently(deadline, () => {
    const find = connection.prepare('SELECT ns FROM namespace WHERE name = ?');
    const found = find.get([namespace]);
    if (found) return found['ns'] as number;
    connection.prepare('INSERT INTO namespace (name) VALUES (?) ON CONFLICT (name) DO NOTHING').run([namespace]);
    return find.get([namespace])?.['ns'] as number;
  });
}

/**
 * What can be said without SQLite, which would create a file or report nothing but a number. The file itself is not opened: when
 * a process closes a file it loses all its locks on it, those of its other stores too, and a process that then closes the file as
 * the last one, as it seems, deletes the log in which they go on writing.
 */
function look(file: string): void {
  const folder = dirname(file);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    refuse(file, `there is no folder ${folder}.`, 'Create the folder first.');
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (found && !found.isFile()) refuse(file, 'it is no file.', 'Name a file.');
  // SQLite takes it for an empty one, and would write over it.
  if (found?.size === 1) refuseOther(file);
}

function prepare(file: string, connection: Connection, deadline: number): void {
  patiently(deadline, () => inspect(file, connection));
  // Only now, for this writes to the file: readers never wait for writers, and COMMIT returns after the disk has it.
  patiently(deadline, () => connection.exec('PRAGMA journal_mode = WAL'));
  const settings = 'PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 67108864';
  patiently(deadline, () => connection.exec(settings));
  // The log goes into the file every 16 MB: pages that change in each turn are then copied a quarter as often.
  patiently(deadline, () => connection.exec('PRAGMA wal_autocheckpoint = 4000'));
  patiently(deadline, () => {
    if (!inspect(file, connection)) createTables(file, connection);
  });
}

/** One statement, so that it sees one moment: another process may be making the tables. */
const LOOK = `
  SELECT (SELECT application_id FROM pragma_application_id) AS application,
    (SELECT user_version FROM pragma_user_version) AS version,
    (SELECT count(*) FROM sqlite_master) AS tables`;

/** True when our tables are there; false when the file is empty. @throws ConfigurationError when it has others. */
function inspect(file: string, connection: Connection): boolean {
  const row = connection.prepare(LOOK).get([]);
  const [application, version, tables] = [row?.['application'], Number(row?.['version']), row?.['tables']];
  if (application !== APPLICATION_ID) {
    if (application === 0 && version === 0 && tables === 0) return false;
    refuse(file, 'it is a SQLite database of something else.', 'Name a file of its own for this store.');
  }
  if (version > SCHEMA_VERSION) {
    const cause = `its tables are of version ${version}, and this release knows those of version ${SCHEMA_VERSION}.`;
    refuse(file, cause, 'Install the release of @redress/sqlite that wrote it, or a newer one.', undefined, 'CONFIG_STORE_NEWER');
  }
  if (version < SCHEMA_VERSION) {
    const cause = `its tables are of version ${version}, and this release knows those of version ${SCHEMA_VERSION}.`;
    refuse(file, cause, 'End its runs with the release that wrote it, or name another file.', undefined, 'CONFIG_STORE_OLDER');
  }
  return true;
}

/** Whole or not at all, and once: another process may be doing the same. */
function createTables(file: string, connection: Connection): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    if (!inspect(file, connection)) {
      connection.exec(`${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};`);
    }
    connection.exec('COMMIT');
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

/** Tries again while another process holds the lock. It blocks, which only opening may: there is no store yet to serve. */
function patiently<T>(deadline: number, work: () => T): T {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
