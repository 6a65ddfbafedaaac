import { CALM, Desk, Network } from '@redress/example-shared';
import type { Weather } from '@redress/example-shared';
import type { Operation } from '../operations.js';
import { Archive } from './archive.js';
import { ClearingHouse } from './clearing-house.js';
import { openDatabase } from './database.js';
import { Ledger } from './ledger.js';
import { LimitRegister } from './limit-register.js';
import { ReviewOffice } from './review-office.js';

export interface WorldOptions {
  readonly file: string;
  readonly weather?: Weather;
  /** On the way to the clearing house. Default: the same. */
  readonly clearingWeather?: Weather;
  /** The clearing house has accepted a payment for this transfer, and nobody knows it yet. */
  readonly onAccepted?: (transfer: string) => void;
}

/** Everything that is not ours: five remote systems, and the wires to them. */
export interface World {
  readonly limits: LimitRegister;
  readonly ledger: Ledger;
  readonly reviews: ReviewOffice;
  readonly clearing: ClearingHouse;
  readonly archive: Archive;
  close(): void;
}

/** Opens the outside world; a file of its own, since no transaction of ours reaches there. */
export function openWorld({ file, weather = CALM, clearingWeather = weather, onAccepted }: WorldOptions): World {
  const sql = openDatabase(file);
  const network = new Network<Operation>(weather);
  const desk = new Desk(sql);
  return {
    limits: new LimitRegister(sql, desk, network),
    ledger: new Ledger(sql, desk, network),
    reviews: new ReviewOffice(sql, desk, network),
    clearing: new ClearingHouse(sql, desk, new Network<Operation>(clearingWeather), onAccepted),
    archive: new Archive(sql, desk, network),
    close: () => void sql.close(),
  };
}
