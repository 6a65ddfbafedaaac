import Database from 'libsql';

export type Sql = Database.Database;

/** Opens the file of an outside world, with its tables: several processes write to it. */
export function openSql(file: string, tables: string, synchronous: 'FULL' | 'NORMAL' = 'FULL'): Sql {
  const sql = new Database(file);
  sql.pragma('busy_timeout = 5000');
  sql.pragma('journal_mode = WAL');
  sql.pragma(`synchronous = ${synchronous}`);
  sql.exec(tables);
  return sql;
}
