import { DESK_TABLES, openSql } from '@redress/example-shared';
import type { Sql } from '@redress/example-shared';

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

const TABLES = `
  ${DESK_TABLES}
  CREATE TABLE IF NOT EXISTS stock     (sku TEXT PRIMARY KEY, initial INTEGER NOT NULL, on_hand INTEGER NOT NULL CHECK (on_hand >= 0)) STRICT;
  CREATE TABLE IF NOT EXISTS holds     (key TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL, state TEXT NOT NULL, PRIMARY KEY (key, sku)) STRICT;
  CREATE TABLE IF NOT EXISTS charges   (key TEXT PRIMARY KEY, order_id TEXT NOT NULL, cents INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS shipments (key TEXT PRIMARY KEY, order_id TEXT NOT NULL, hold TEXT NOT NULL, cents INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
`;

/** Opens the file in which the remote systems live; they are separate from the journal and know nothing of it. */
export function openDatabase(file: string): Sql {
  const sql = openSql(file, TABLES);
  const add = sql.prepare('INSERT OR IGNORE INTO stock (sku, initial, on_hand) VALUES (?, ?, ?)');
  sql
    .transaction(() => {
      for (const [sku, count] of Object.entries(FIRST_STOCK)) add.run(sku, count, count);
    })
    .immediate();
  return sql;
}
