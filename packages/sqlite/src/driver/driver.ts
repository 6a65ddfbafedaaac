/** The ways to reach SQLite that the adapter knows. */
export type DriverName = 'node:sqlite' | 'better-sqlite3' | 'libsql';

export type Value = string | number | Uint8Array | null;
export type Row = Readonly<Record<string, unknown>>;

/** A prepared statement; each call finishes it, one that throws too, so that no read transaction stays open. */
export interface Statement {
  /** The number of rows changed. */
  run(values: readonly Value[]): number;
  /** The number of the row inserted; undefined when none was. */
  insert(values: readonly Value[]): number | undefined;
  get(values: readonly Value[]): Row | undefined;
  all(values: readonly Value[]): readonly Row[];
}

export interface Connection {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Driver {
  readonly name: DriverName;
  /** `file` is an absolute path. */
  open(file: string): Connection;
}

const BUSY = 5;
const NOT_A_DATABASE = 26;

/** SQLite's primary result code, from wherever the driver has put it. */
function resultCode(error: unknown): number | undefined {
  const { rawCode, errcode, code } = Object(error) as { rawCode?: unknown; errcode?: unknown; code?: unknown };
  const extended = rawCode ?? errcode;
  if (typeof extended === 'number') return extended & 0xff;
  if (typeof code !== 'string') return undefined;
  if (code.startsWith('SQLITE_BUSY')) return BUSY;
  return code.startsWith('SQLITE_NOTADB') ? NOT_A_DATABASE : undefined;
}

/** Another connection holds the lock: the same may succeed later. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

export function isNoDatabase(error: unknown): boolean {
  return resultCode(error) === NOT_A_DATABASE;
}

/** SQLite has rolled back by itself after some errors, and says then that there is no transaction. */
export function rollBack(connection: Connection): void {
  try {
    connection.exec('ROLLBACK');
  } catch {
    // Nothing is open: that is what was wanted.
  }
}
