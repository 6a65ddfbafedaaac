import Database from 'libsql';

export type Sql = Database.Database;

/** What the warehouse has at first. Two products are sold out. */
export const FIRST_STOCK: Readonly<Record<string, number>> = {
  'kettle-steel': 60,
  'mug-stoneware': 80,
  'teapot-glass': 60,
  'grinder-hand': 60,
  'filter-paper-100': 120,
  'beans-ethiopia-1kg': 80,
  'beans-brazil-1kg': 80,
  'tea-sencha-250g': 60,
  'scale-digital': 60,
  'dripper-ceramic': 60,
  'tray-bamboo': 60,
  'thermos-1l': 60,
  'espresso-machine': 0,
  'lamp-brass': 0,
};

/**
 * `requests` is what every good remote system keeps: the answer under the caller's key. `effects` is a diary that is
 * only appended to; the invariants compare it with what the other tables say.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS requests  (key TEXT PRIMARY KEY, call TEXT NOT NULL, answer TEXT NOT NULL, asked INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS effects   (seq INTEGER PRIMARY KEY, key TEXT NOT NULL, call TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS stock     (sku TEXT PRIMARY KEY, initial INTEGER NOT NULL, on_hand INTEGER NOT NULL CHECK (on_hand >= 0)) STRICT;
  CREATE TABLE IF NOT EXISTS holds     (key TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (key, sku)) STRICT;
  CREATE TABLE IF NOT EXISTS charges   (key TEXT PRIMARY KEY, order_id TEXT NOT NULL, cents INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS shipments (key TEXT PRIMARY KEY, order_id TEXT NOT NULL, hold TEXT NOT NULL, cents INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
`;

/** Opens the file in which the remote systems live; they are separate from the journal and know nothing of it. */
export function openDatabase(file: string): Sql {
  const sql = new Database(file);
  sql.pragma('busy_timeout = 5000');
  sql.pragma('journal_mode = WAL');
  sql.pragma('synchronous = FULL');
  sql.exec(TABLES);
  const add = sql.prepare('INSERT OR IGNORE INTO stock (sku, initial, on_hand) VALUES (?, ?, ?)');
  sql
    .transaction(() => {
      for (const [sku, count] of Object.entries(FIRST_STOCK)) add.run(sku, count, count);
    })
    .immediate();
  return sql;
}
