import { ConfigurationError } from '@redress/core';
import type { Driver, DriverName } from './driver.js';
import { nodeSqlite } from './node-sqlite.js';
import { betterSqlite3, libsql } from './packages.js';

const LOADERS: Readonly<Record<DriverName, () => Driver | undefined>> = {
  'node:sqlite': nodeSqlite,
  'better-sqlite3': betterSqlite3,
  libsql,
};

const ADVICE: Readonly<Record<DriverName, string>> = {
  'node:sqlite': 'Run on Node 22 or newer, or leave out the option `driver`.',
  'better-sqlite3': 'Install better-sqlite3 (version 12 on Node 20, 13 from Node 22 on), or leave out the option `driver`.',
  libsql: 'Reinstall with optional dependencies, so that the part compiled for this platform is there.',
};

/**
 * The driver asked for, or the best there is: Node's own, then the application's better-sqlite3, then libsql.
 * @throws ConfigurationError (code `CONFIG_STORE_DRIVER`) when it cannot be loaded here.
 */
export function loadDriver(name?: DriverName): Driver {
  let cause: unknown;
  for (const candidate of name ? [name] : (Object.keys(LOADERS) as DriverName[])) {
    try {
      const driver = LOADERS[candidate]();
      if (driver) return driver;
    } catch (error) {
      cause = error;
    }
  }
  const subject = name ? `sqliteStore, driver "${name}"` : 'sqliteStore';
  const problem = { subject, cause: `it cannot be loaded on Node ${process.versions.node}.`, remedy: ADVICE[name ?? 'libsql'] };
  throw new ConfigurationError([problem], { code: 'CONFIG_STORE_DRIVER', cause });
}
