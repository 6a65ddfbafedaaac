import { recoveriesOf } from '@redress/core';
import type { Recovery, Store } from '@redress/core';
import { total } from '@redress/example-shared';
import type { Screen } from '@redress/example-shared';
import { setTimeout as sleep } from 'node:timers/promises';
import { Branch } from './branch.js';
import type { SchemeName } from './schemes.js';

export const MEMBERS = ['ann', 'bob', 'cleo'] as const;
export const CENTS = 100_00;
const VICTIM = 'ann';
const PATIENCE_MS = 20_000;

export interface Ending {
  readonly scheme: SchemeName;
  readonly recovery: Recovery;
  readonly forced: number;
  /** Of all accounts together, before and after. */
  readonly before: number;
  readonly after: number;
}

/** Each in turn takes a checkpoint and pays the next one: a staircase, the worst that independent checkpoints can meet. */
export async function tell(screen: Screen, scheme: SchemeName, file: string, store: Store, rounds: number): Promise<Ending> {
  const branches = new Map<string, Branch>();
  const of = (id: string): Branch => branches.get(id) as Branch;
  const begin = async (id: string): Promise<void> => {
    branches.set(id, await Branch.start({ scheme, store: file, members: MEMBERS, id, cents: CENTS }));
  };
  const look = async (): Promise<number> =>
    total((await Promise.all(MEMBERS.map((id) => of(id).do({ act: 'look' })))).map(({ cents }) => cents));
  const pay = async (from: string, to: string, cents: number): Promise<void> => {
    const before = (await of(to).do({ act: 'look' })).cents;
    await of(from).do({ act: 'pay', to, cents });
    await until(async () => (await of(to).do({ act: 'look' })).cents === before + cents);
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
    const told = await Promise.all(MEMBERS.map((id) => of(id).do({ act: 'look' })));
    const before = total(told.map(({ cents }) => cents));
    screen.line(`${screen.colors.red('☠')} kill -9 ${VICTIM}, after ${rounds} rounds of payments`);
    await of(VICTIM).kill();
    await begin(VICTIM);
    await until(async () => (await look()) === before).catch(() => {});
    const [recovery] = await recoveriesOf(store, scheme);
    if (!recovery) throw new Error(`${VICTIM} is back, and there was no recovery`);
    return { scheme, recovery, forced: total(told.map(({ forced }) => forced)), before, after: await look() };
  } finally {
    await Promise.all([...branches.values()].map((one) => one.kill()));
  }
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error('a payment has not arrived in time');
    await sleep(5);
  }
}
