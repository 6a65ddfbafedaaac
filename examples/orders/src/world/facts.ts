import { openDatabase } from './database.js';

/** What the remote systems would answer to an auditor. */
export interface Facts {
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
  /** The diary: how often a request had an effect. */
  readonly effects: readonly { readonly key: string; readonly call: string; readonly times: number }[];
  /** Requests that came again with a key that was answered before. */
  readonly askedAgain: number;
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
      effects: all('SELECT key, call, count(*) AS times FROM effects GROUP BY key, call'),
      askedAgain: all<{ n: number }>('SELECT coalesce(sum(max(asked - 1, 0)), 0) AS n FROM requests')[0]?.n ?? 0,
    };
  } finally {
    sql.close();
  }
}
