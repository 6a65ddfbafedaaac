import type { Row, Value } from './driver.js';

/** What `better-sqlite3` and `libsql` have in common. */
export interface PackageStatement {
  run(values: readonly Value[]): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  get(values: readonly Value[]): Row | undefined;
  all(values: readonly Value[]): readonly Row[];
}

export interface PackageDatabase {
  exec(sql: string): void;
  prepare(sql: string): PackageStatement;
  close(): void;
}
