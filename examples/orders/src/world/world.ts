import { CALM, Desk, Network } from '@redress/example-shared';
import type { EffectHook, Weather } from '@redress/example-shared';
import type { Operation, Step } from '../operations.js';
import { Bank } from './bank.js';
import { Carrier } from './carrier.js';
import { openDatabase } from './database.js';
import { Warehouse } from './warehouse.js';

export interface WorldOptions {
  readonly file: string;
  readonly weather?: Weather;
  /** This step is refused for everybody. */
  readonly refuse?: Step;
  readonly onEffect?: EffectHook<Operation>;
}

/** Everything that is not ours: three remote systems, and the wires to them. */
export interface World {
  readonly warehouse: Warehouse;
  readonly bank: Bank;
  readonly carrier: Carrier;
  readonly network: Network<Operation>;
  close(): void;
}

/** Opens the outside world; a file of its own, since no transaction of ours reaches there. */
export function openWorld({ file, weather = CALM, refuse, onEffect }: WorldOptions): World {
  const sql = openDatabase(file);
  const network = new Network<Operation>(weather, onEffect);
  const on = (step: Step): Desk => new Desk(sql, step === refuse);
  return {
    warehouse: new Warehouse(sql, on('Stock.reserve'), network),
    bank: new Bank(sql, on('Payments.charge'), network),
    carrier: new Carrier(sql, on('Shipping.ship'), network),
    network,
    close: () => void sql.close(),
  };
}
