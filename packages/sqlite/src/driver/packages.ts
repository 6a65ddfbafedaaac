import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Driver, Statement } from './driver.js';
import { endedOnErrors } from './libsql.js';
import type { LibsqlDatabase } from './libsql.js';
import type { PackageDatabase, PackageStatement } from './package.js';

type PackageModule<T extends PackageDatabase = PackageDatabase> = new (file: string) => T;

const ours = createRequire(import.meta.url);

/** `libsql`, which comes with this package. @throws what loading it throws. */
export function libsql(): Driver {
  return driver('libsql', ours('libsql') as PackageModule<LibsqlDatabase>, endedOnErrors);
}

/**
 * `better-sqlite3` when the application has it and this Node can load it; undefined otherwise. Version 13 ends the
 * process on Node 20, so its version is read before its code is.
 */
export function betterSqlite3(): Driver | undefined {
  for (const require of [ours, createRequire(join(process.cwd(), 'package.json'))]) {
    try {
      const { version } = require('better-sqlite3/package.json') as { readonly version: string };
      if (Number.parseInt(version, 10) >= 13 && Number.parseInt(process.versions.node, 10) < 22) continue;
      const module = require('better-sqlite3') as PackageModule;
      // Its compiled part is loaded by the first database.
      new module(':memory:').close();
      return driver('better-sqlite3', module);
    } catch {
      // Not installed here, or installed without its compiled part: the next one may do.
    }
  }
  return undefined;
}

function driver<T extends PackageDatabase>(name: Driver['name'], Module: PackageModule<T>, prepare = prepared<T>): Driver {
  return {
    name,
    open(file) {
      const database = new Module(file);
      return {
        exec: (sql) => database.exec(sql),
        prepare: (sql) => statement(prepare(database, sql)),
        close: () => database.close(),
      };
    },
  };
}

function prepared<T extends PackageDatabase>(database: T, sql: string): PackageStatement {
  return database.prepare(sql);
}

/** The values always go in as one array: a lone Uint8Array would be taken for named values. */
function statement(prepared: PackageStatement): Statement {
  return {
    run: (values) => prepared.run(values).changes,
    insert(values) {
      const { changes, lastInsertRowid } = prepared.run(values);
      return changes === 0 ? undefined : Number(lastInsertRowid);
    },
    get: (values) => prepared.get(values),
    all: (values) => prepared.all(values),
  };
}
