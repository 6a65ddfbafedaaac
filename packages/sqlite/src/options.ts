import { ConfigurationError } from '@redress/core';
import type { Clock, Problem, Random } from '@redress/core';
import type { DriverName } from './driver/driver.js';

export interface SqliteStoreOptions {
  /** Streams of one namespace are invisible in others; several can share a file. Default: `default`. */
  readonly namespace?: string;
  /**
   * How SQLite is reached. Default: the first that is there of `node:sqlite` (Node 22 and newer), `better-sqlite3`, `libsql`.
   * Two drivers must not open one file in one process: each would take away the other's locks.
   */
  readonly driver?: DriverName;
  /** How long a verb waits while another process writes, in milliseconds; the event loop goes on. Default: 5000. */
  readonly busyTimeoutMs?: number;
  /** Where the store's time comes from. Default: the computer's clock. */
  readonly clock?: Pick<Clock, 'now'>;
  /** Where stamps and the jitter of waiting come from. Default: the operating system's chance. */
  readonly random?: Random;
}

/** How long a verb waits for other processes, unless told otherwise. */
export const DEFAULT_BUSY_TIMEOUT_MS = 5_000;

const DRIVERS = ['node:sqlite', 'better-sqlite3', 'libsql'];

/** @throws ConfigurationError with all that is wrong. */
export function checkOptions(file: unknown, options: SqliteStoreOptions): void {
  const problems: Problem[] = [];
  const problem = (subject: string, cause: string, remedy: string): void => {
    problems.push({ subject: `sqliteStore, ${subject}`, cause, remedy });
  };
  const { namespace = 'default', driver = 'libsql', busyTimeoutMs = DEFAULT_BUSY_TIMEOUT_MS } = options;
  if (typeof file !== 'string' || file === '' || file.includes('\0')) problem('file', 'it is no path.', "Give one such as 'orders.db'.");
  else if (/^(:memory:|file:)/.test(file)) {
    problem('file', `${JSON.stringify(file)} is no path of a file that lasts.`, "Give one such as 'orders.db', or use @redress/memory.");
  }
  if (typeof namespace !== 'string' || namespace === '' || namespace.includes('\0')) {
    problem('namespace', 'it is empty or no text.', "Give a text such as 'orders'.");
  }
  if (!DRIVERS.includes(driver)) problem('driver', `${JSON.stringify(driver)} is unknown.`, `Give one of ${DRIVERS.join(', ')}.`);
  if (typeof busyTimeoutMs !== 'number' || !(busyTimeoutMs >= 0) || busyTimeoutMs === Infinity) {
    problem('busyTimeoutMs', `${String(busyTimeoutMs)} is no number of milliseconds.`, 'Give a number from 0 on, such as 5000.');
  }
  if (problems.length > 0) throw new ConfigurationError(problems, { code: 'CONFIG_STORE_OPTIONS' });
}
