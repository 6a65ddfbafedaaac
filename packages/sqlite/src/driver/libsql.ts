import type { Value } from './driver.js';
import type { PackageDatabase, PackageStatement } from './package.js';

interface LibsqlStatement extends PackageStatement {
  iterate(values: readonly Value[]): Iterator<unknown>;
}

export interface LibsqlDatabase extends PackageDatabase {
  prepare(sql: string): LibsqlStatement;
  interrupt(): void;
}

/** More rows than libsql takes at once, and none of the file, so that no lock is in its way. */
const ROWS = 'WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 150) SELECT i FROM n';

/**
 * SQLite stops a statement that finds the file locked in the middle of its work, so that it can go on, and libsql leaves it
 * there until it is used again or collected as garbage. Until then each transaction of the connection leaves its snapshot
 * behind: reading goes on in the past, writing is refused with `SQLITE_BUSY_SNAPSHOT`, and `get` answers with the row that
 * the values of the first call have. So a statement that gave an error is ended here.
 */
export function endedOnErrors(database: LibsqlDatabase, sql: string): PackageStatement {
  const prepared = database.prepare(sql);
  let isSpoilt = false;
  const ended = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      isSpoilt = true;
      end(database, prepared);
      throw error;
    }
  };
  return {
    run: (values) => ended(() => prepared.run(values)),
    // `get` takes new values only where it has reset the statement itself, at the end of a call without an error.
    get: (values) => ended(() => (isSpoilt ? prepared.all(values)[0] : prepared.get(values))),
    all: (values) => ended(() => prepared.all(values)),
  };
}

/**
 * libsql has no call that only resets a statement: all reset it and go on to its first step. That step is interrupted before it
 * does anything, for SQLite keeps an interrupt while any statement is running, and there is one.
 */
function end(database: LibsqlDatabase, prepared: LibsqlStatement): void {
  const running = database.prepare(ROWS);
  running.iterate([]).next();
  database.interrupt();
  try {
    prepared.iterate([]).next();
  } catch {
    // Interrupted, as it was to be.
  } finally {
    // Runs to its end, and the interrupt is over with it.
    running.all([]);
  }
}
