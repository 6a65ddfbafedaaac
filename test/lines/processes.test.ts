import { recoveriesOf } from '@redress/core';
import type { Line } from '@redress/core';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from './account.js';
import { DURABLE_STORES } from './stores.js';
import type { Place } from './stores.js';
import { Teller } from './teller.js';

const FULL = process.env['REDRESS_TESTS'] === 'full';
const IDS = ['P1', 'P2', 'P3'];
const FIRST: Readonly<Record<string, number>> = { P1: 100, P2: 0, P3: 0 };

interface Row {
  readonly killed: readonly string[];
  readonly line: Line;
  readonly balances: readonly number[];
  /** The messages that led to P3. */
  readonly chainToP3: readonly string[];
}

/** The worked table; the line of several is the lower one of each. 2 is the volatile present. */
const PLAIN: readonly Row[] = [
  { killed: ['P1'], line: { P1: 1, P2: 0, P3: 0 }, balances: [100, 0, 0], chainToP3: ['P1/0:1', 'P2/0:1'] },
  { killed: ['P2'], line: { P1: 2, P2: 1, P3: 0 }, balances: [60, 40, 0], chainToP3: ['P2/0:1'] },
  { killed: ['P3'], line: { P1: 2, P2: 2, P3: 1 }, balances: [60, 15, 25], chainToP3: [] },
  { killed: ['P2', 'P3'], line: { P1: 2, P2: 1, P3: 0 }, balances: [60, 40, 0], chainToP3: ['P2/0:1'] },
  { killed: ['P1', 'P2'], line: { P1: 1, P2: 0, P3: 0 }, balances: [100, 0, 0], chainToP3: ['P2/0:1'] },
  { killed: ['P1', 'P3'], line: { P1: 1, P2: 0, P3: 0 }, balances: [100, 0, 0], chainToP3: ['P1/0:1', 'P2/0:1'] },
  { killed: ['P1', 'P2', 'P3'], line: { P1: 1, P2: 0, P3: 0 }, balances: [100, 0, 0], chainToP3: ['P2/0:1'] },
];
/** With forced checkpoints c(2,1) and c(3,1) lie before the deliveries. */
const BCS: readonly Row[] = [
  { killed: ['P1'], line: { P1: 1, P2: 1, P3: 1 }, balances: [100, 0, 0], chainToP3: ['P1/0:1', 'P2/0:1'] },
  { killed: ['P2'], line: { P1: 2, P2: 2, P3: 1 }, balances: [60, 40, 0], chainToP3: ['P2/0:1'] },
  { killed: ['P3'], line: { P1: 2, P2: 3, P3: 2 }, balances: [60, 15, 25], chainToP3: [] },
];
/** By default: the first of one, and the first of two. */
const sampled = (rows: readonly Row[]): readonly Row[] =>
  FULL ? rows : rows.filter(({ killed }, i) => i === 0 || (i === 3 && killed.length === 2));

describe.each(Object.entries(DURABLE_STORES))('three operating-system processes over %s', (_, open) => {
  let place: Place;
  const tellers = new Map<string, Teller>();
  const of = (id: string): Teller => tellers.get(id) as Teller;
  const start = async (forced: 'bcs' | 'none', ids: readonly string[]): Promise<void> => {
    await Promise.all(ids.map(async (id) => tellers.set(id, await Teller.start(place.address, id, FIRST[id] as number, forced))));
  };
  const balances = async () => (await Promise.all(IDS.map((id) => of(id).look()))).map(({ balance }) => balance);
  const pay = async (from: string, to: string, amount: number): Promise<void> => {
    await of(from).pay(to, amount);
    await until(async () => (await of(to).look()).balance === amount, `the payment to ${to}`);
  };
  afterEach(async () => {
    await Promise.all([...tellers.values()].map((one) => one.kill()));
    await place.remove();
  });

  const play = async (forced: 'bcs' | 'none', { killed, line, balances: expected, chainToP3 }: Row): Promise<number> => {
    place = await open();
    await start(forced, IDS);
    await of('P1').checkpoint();
    await pay('P1', 'P2', 40);
    await of('P2').checkpoint();
    await pay('P2', 'P3', 25);
    await of('P3').checkpoint();
    expect(await balances()).toEqual([60, 15, 25]);
    await Promise.all(killed.map((id) => of(id).kill()));
    await start(forced, killed);
    await until(async () => (await balances()).join() === expected.join(), `the line of ${killed.join()}`);
    const recovery = (await recoveriesOf(await place.connect(), 'bank')).at(-1);
    expect(recovery?.line).toEqual(line);
    const { chain } = recovery?.report.rolledBack.find(({ process }) => process === 'P3') ?? {};
    expect(chain?.map(({ name }) => name)).toEqual(chainToP3);
    return (await balances()).reduce((a, b) => a + b);
  };

  it.each(sampled(PLAIN))(
    'IN1: kill -9 of $killed, checkpoints alone: the row of the worked table',
    async (row) => {
      expect(await play('none', row)).toBe(100);
    },
    60_000,
  );

  it.each(sampled(BCS))(
    'IN1: kill -9 of $killed, with forced checkpoints: nobody goes back to the start',
    async (row) => {
      expect(await play('bcs', row)).toBe(100);
    },
    60_000,
  );
});
