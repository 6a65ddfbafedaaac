import { readDesks } from '@redress/example-shared';
import type { DeskFacts } from '@redress/example-shared';
import { openDatabase } from './database.js';

/** What the remote systems would answer to an auditor. */
export interface Facts extends DeskFacts {
  readonly stock: readonly { readonly sku: string; readonly initial: number; readonly on_hand: number }[];
  readonly holds: readonly {
    readonly key: string;
    readonly sku: string;
    readonly quantity: number;
    readonly state: 'held' | 'released' | 'shipped';
  }[];
  readonly charges: readonly {
    readonly key: string;
    readonly order_id: string;
    readonly cents: number;
    readonly state: 'charged' | 'refunded';
  }[];
  readonly shipments: readonly ShipmentFact[];
}

export interface ShipmentFact {
  readonly key: string;
  readonly order_id: string;
  readonly hold: string;
  readonly cents: number;
  readonly state: 'shipped' | 'recalled';
}

export function readFacts(file: string): Facts {
  const sql = openDatabase(file);
  const all = <T>(query: string): T[] => sql.prepare(query).all() as T[];
  try {
    return {
      stock: all('SELECT * FROM stock ORDER BY sku'),
      holds: all('SELECT * FROM holds'),
      charges: all('SELECT * FROM charges'),
      shipments: all('SELECT * FROM shipments'),
      ...readDesks(sql),
    };
  } finally {
    sql.close();
  }
}
