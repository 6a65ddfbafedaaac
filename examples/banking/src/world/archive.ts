import type { Desk, Idempotent, Network, Sql } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import type { Transfer } from '../transfer.js';

/** The audit trail: lines are added to it, and none is ever struck out. */
export class Archive {
  readonly #sql: Sql;
  readonly #desk: Desk;
  readonly #network: Network<Operation>;

  constructor(sql: Sql, desk: Desk, network: Network<Operation>) {
    this.#sql = sql;
    this.#desk = desk;
    this.#network = network;
  }

  /** `proof`: the number of the posting or payment by which the money arrived. */
  async record({ id, cents }: Transfer, proof: string, { idempotencyKey: key }: Idempotent): Promise<void> {
    return this.#network.call('Trail.record', () =>
      this.#desk.ask('archive.record', key, () => {
        this.#sql.prepare('INSERT INTO trail (key, transfer, cents, proof) VALUES (?, ?, ?, ?)').run(key, id, cents, proof);
      }),
    );
  }
}
