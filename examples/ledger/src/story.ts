import type { GraphData, GraphMessage, Store } from '@redress/core';
import { total } from '@redress/example-shared';
import type { Screen } from '@redress/example-shared';
import { setTimeout as sleep } from 'node:timers/promises';
import { Branch } from './branch.js';
import type { Outcome } from './scheme.js';
import { SCHEMES } from './schemes.js';
import type { SchemeName } from './schemes.js';
import type { Told } from './teller.js';

export const MEMBERS = ['ann', 'bob', 'cleo'] as const;
export const CENTS = 100_00;
const VICTIM = 'ann';
const PATIENCE_MS = 20_000;

export interface Ending {
  readonly scheme: SchemeName;
  readonly recovery: Outcome;
  /** All that were made before the kill. */
  readonly payments: readonly GraphMessage[];
  readonly forced: number;
  /** Messages that the killed process handled again to come to where it was. */
  readonly again: number;
  /** What each account had before and after. */
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/** Each in turn takes a checkpoint and pays the next one: a staircase, the worst that independent checkpoints can meet. */
export async function tell(screen: Screen, scheme: SchemeName, file: string, store: Store, rounds: number): Promise<Ending> {
  const payments: GraphMessage[] = [];
  const branches = new Map<string, Branch>();
  const of = (id: string): Branch => branches.get(id) as Branch;
  const begin = async (id: string): Promise<void> => {
    branches.set(id, await Branch.start({ scheme, store: file, members: MEMBERS, id, cents: CENTS }));
  };
  const look = async (): Promise<readonly Told[]> => Promise.all(MEMBERS.map((id) => of(id).do({ act: 'look' })));
  const pay = async (from: string, to: string, cents: number): Promise<void> => {
    const before = (await of(to).do({ act: 'look' })).cents;
    const { interval: sent } = await of(from).do({ act: 'pay', to, cents });
    const arrived = await until(
      () => of(to).do({ act: 'look' }),
      (told) => told.cents === before + cents,
    );
    payments.push({ from, sent, to, received: arrived.interval });
  };
  try {
    await Promise.all(MEMBERS.map(begin));
    await pay('cleo', 'ann', 1_00);
    for (let round = 1; round <= rounds; round++) {
      for (const [i, from] of MEMBERS.entries()) {
        await of(from).do({ act: 'checkpoint' });
        await pay(from, MEMBERS[(i + 1) % MEMBERS.length] as string, round * 1_00);
      }
    }
    const before = await look();
    screen.line(`${screen.colors.red('☠')} kill -9 ${VICTIM}, after ${rounds} rounds of payments`);
    await of(VICTIM).kill();
    await begin(VICTIM);
    await until(look, (told) => money(told) === money(before)).catch(() => {});
    const after = await look();
    const wentTo = Object.fromEntries(MEMBERS.flatMap((id, i) => (after[i]?.wentTo === undefined ? [] : [[id, after[i].wentTo]])));
    const recovery = await SCHEMES[scheme].outcome({ store, group: scheme }, { processes: before.map(stand), messages: payments }, wentTo);
    const [forced, again] = [total(before.map((one) => one.forced)), total(after.map((one) => one.again))];
    return { scheme, recovery, payments, forced, again, before: accounts(before), after: accounts(after) };
  } finally {
    await Promise.all([...branches.values()].map((one) => one.kill()));
  }
}

function money(told: readonly Told[]): number {
  return total(told.map(({ cents }) => cents));
}

function accounts(told: readonly Told[]): Readonly<Record<string, number>> {
  return Object.fromEntries(MEMBERS.map((id, i) => [id, told[i]?.cents ?? 0]));
}

function stand({ checkpoints }: Told, i: number): GraphData['processes'][number] {
  return { id: MEMBERS[i] as string, checkpoints, present: (checkpoints.at(-1) ?? 0) + 1 };
}

async function until<T>(look: () => Promise<T>, isTrue: (seen: T) => boolean): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (isTrue(seen)) return seen;
    if (performance.now() > end) throw new Error('a payment has not arrived in time');
    await sleep(5);
  }
}
