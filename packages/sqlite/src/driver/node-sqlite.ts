import type { Driver, Row, Statement, Value } from './driver.js';

interface NodeStatement {
  run(...values: readonly Value[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: readonly Value[]): Row | undefined;
  all(...values: readonly Value[]): readonly Row[];
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  close(): void;
}

interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => NodeDatabase;
}

/** The SQLite inside Node, from 22 on; undefined where there is none. */
export function nodeSqlite(): Driver | undefined {
  const module = quietly(() => process.getBuiltinModule?.('node:sqlite') as unknown as NodeSqlite | undefined);
  if (!module) return undefined;
  return {
    name: 'node:sqlite',
    open(file) {
      const database = new module.DatabaseSync(file);
      return {
        exec: (sql) => database.exec(sql),
        prepare: (sql) => statement(database.prepare(sql)),
        close: () => database.close(),
      };
    },
  };
}

function statement(prepared: NodeStatement): Statement {
  return {
    run: (values) => Number(prepared.run(...values).changes),
    insert(values) {
      const { changes, lastInsertRowid } = prepared.run(...values);
      return Number(changes) === 0 ? undefined : Number(lastInsertRowid);
    },
    get: (values) => prepared.get(...values),
    all: (values) => prepared.all(...values),
  };
}

/** Node 22 warns that its SQLite is experimental; that one warning is held back while the module loads, no other. */
function quietly<T>(load: () => T): T {
  const emit = process.emitWarning;
  const quiet = (warning: string | Error, ...rest: unknown[]): void => {
    if (/\bSQLite\b/.test(String(warning)) && rest.includes('ExperimentalWarning')) return;
    Reflect.apply(emit, process, [warning, ...rest]);
  };
  process.emitWarning = quiet;
  try {
    return load();
  } finally {
    process.emitWarning = emit;
  }
}
