import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRuntime } from '@redress/core';
import type { Store } from '@redress/core';
import { checkStorePlace, FAIR, keep, openJournal, patiently, runsOf, shown, UsageError, workplace, wrap } from '@redress/example-shared';
import type { Screen, Workplace } from '@redress/example-shared';
import { makeAccounts } from './accounts.js';
import { audit } from './audit.js';
import type { Audit } from './audit.js';
import { Crew } from './crew.js';
import { SAGA } from './endings.js';
import { generateTransfers } from './generate.js';
import { KillPlan } from './kill-plan.js';
import type { Job } from './messages.js';
import type { Options } from './options.js';
import { Reviewer } from './reviewer.js';
import { showSummary } from './summary.js';
import type { Summary } from './summary.js';
import { Teller } from './teller.js';
import { needsReview } from './transfer.js';
import type { Ending, Transfer } from './transfer.js';
import { readTransfers } from './transfers-file.js';
import type { TransfersFile } from './transfers-file.js';
import { openAccounts, openDatabase } from './world/database.js';
import { openWorld } from './world/world.js';

/** How long a dead worker's transfers wait for another one. */
const LEASE_MS = 1000;
/** How often the parent looks whether there is something to review, and whether all is done. */
const LOOK_MS = 150;
const UNFINISHED = ['running', 'compensating'];

/** Makes the transfers while workers are killed, and says what came of it. Answers the exit code. */
export async function transferMoney(screen: Screen, options: Options): Promise<number> {
  const start = performance.now();
  const file = readTransfers(...textOf(options));
  if (options.store) await checkStorePlace(options.store);
  showHead(screen, options, file);
  if (file.transfers.length === 0) throw new UsageError(`--file ${fileOf(options)}: it holds no transfer that can be made.`);
  const place = workplace('banking', options.store);
  const teller = new Teller(screen, file.transfers.length, told(file.transfers));
  let found: Audit;
  try {
    found = await make(place, options, file, teller);
  } catch (error) {
    if (error instanceof UsageError) place.remove();
    else leave(place, screen);
    throw error;
  }
  const summary = summarize(options, file, teller, found, performance.now() - start);
  const ok = summary.invariants.every((invariant) => invariant.ok);
  showSummary(screen, summary);
  if (ok) place.remove();
  else leave(place, screen);
  if (options.json) process.stdout.write(`${JSON.stringify({ ok, ...summary }, undefined, 2)}\n`);
  return ok ? 0 : 1;
}

function fileOf({ transfers }: Options): string {
  return typeof transfers === 'object' ? transfers.file : 'generated';
}

function textOf({ transfers, accounts, seed }: Options): [text: string, file: string] {
  if (typeof transfers === 'number') return [generateTransfers(transfers, accounts, seed), 'generated'];
  try {
    return [readFileSync(transfers.file, 'utf8'), transfers.file];
  } catch (error) {
    throw new UsageError(`--file ${transfers.file}: it cannot be read (${error instanceof Error ? error.message : String(error)}).`);
  }
}

function showHead(screen: Screen, options: Options, file: TransfersFile): void {
  const { bold } = screen.colors;
  const { accounts, workers, kills, seed } = options;
  const from = typeof options.transfers === 'object' ? ` from ${basename(options.transfers.file)}` : '';
  const head = [
    `${bold('Redress')}  ${counted(file.transfers.length, 'transfer')}${from} between ${accounts} accounts`,
    counted(workers, 'worker'),
    counted(kills, 'kill'),
    `seed ${seed}`,
  ].join(', ');
  for (const line of wrap(head, screen.width, 2)) screen.line(line);
  screen.line();
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Those that are told in full: one that stays with us, one to another bank, and one that a person looks at. */
function told(transfers: readonly Transfer[]): readonly string[] {
  const kinds: readonly ((transfer: Transfer) => boolean)[] = [
    (transfer) => transfer.bank === undefined && !needsReview(transfer),
    abroad,
    needsReview,
  ];
  return kinds.flatMap((kind) => transfers.find(kind)?.id ?? []);
}

function abroad(transfer: Transfer): boolean {
  return transfer.bank !== undefined && !needsReview(transfer);
}

function leave(place: Workplace, screen: Screen): void {
  keep(place);
  screen.line(`Journal and world are kept: ${shown(place.store)} and ${place.world}`);
}

async function make(place: Workplace, options: Options, { transfers }: TransfersFile, teller: Teller): Promise<Audit> {
  openBank(place, options, transfers);
  const { seed, workers, kills, reviewRate } = options;
  const first = transfers.find(abroad)?.id;
  const plan = new KillPlan(kills, { transfers: transfers.length, workers, first, seed });
  const crew = new Crew(jobs(place, options, transfers), {
    onReport(worker, report, doomed) {
      teller.add(worker, report);
      return plan.isDue(worker, report, doomed);
    },
    onKilled: (worker) => teller.killed(worker),
  });
  const { store, close } = await patiently(() => openJournal(place.store));
  const runtime = createRuntime({ store, worker: false });
  const world = openWorld({ file: place.world });
  const reviewer = new Reviewer(world.reviews, runtime, { reviewRate, seed });
  try {
    await Promise.all([crew.run(), supervise(crew, store, reviewer)]);
    return await audit(store, place.world, transfers);
  } finally {
    await runtime.stop();
    world.close();
    await close();
  }
}

/** The accounts are there before anybody works; a generated file is kept beside them, to look into. */
function openBank(place: Workplace, { accounts, seed }: Options, transfers: readonly Transfer[]): void {
  const sql = openDatabase(place.world);
  try {
    const other = openAccounts(sql, makeAccounts(accounts, seed));
    if (other !== undefined)
      throw new UsageError(
        `The store has another account ${other}: give the --accounts and the --seed that it was made with, or a new file.`,
      );
  } finally {
    sql.close();
  }
  if (place.folder) writeFileSync(join(place.folder, 'transfers.json'), JSON.stringify(transfers));
}

function jobs(place: Workplace, { workers, seed }: Options, transfers: readonly Transfer[]): readonly Job[] {
  return Array.from({ length: workers }, (_, i) => ({
    transfers: transfers.filter((_transfer, k) => k % workers === i),
    store: place.store,
    world: place.world,
    weather: { ...FAIR, latencyMs: 20, seed: seed + i },
    // It answers so late, now and then, that nobody waits for it; by then it has accepted.
    clearingWeather: { ...FAIR, latencyMs: 30, lostAnswers: 0.15, timeoutMs: 60, seed: seed + 100 + i },
    leaseMs: LEASE_MS,
  }));
}

/** Reviews, and sends the workers home when every transfer has ended or lies on the pile for good. */
async function supervise(crew: Crew, store: Store, reviewer: Reviewer): Promise<void> {
  await reviewer.remind(await unfinished(store));
  for (;;) {
    await reviewer.work();
    if (crew.allPlaced) {
      const open = await unfinished(store);
      if ([...open].every((id) => reviewer.left.has(id))) return crew.stop();
    }
    await sleep(LOOK_MS);
  }
}

async function unfinished(store: Store): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const [id] of runsOf(store, SAGA, UNFINISHED)) found.add(id);
  return found;
}

function summarize(options: Options, file: TransfersFile, teller: Teller, found: Audit, elapsedMs: number): Summary {
  const endings: Record<Ending, number> = { completed: 0, undone: 0, refused: 0, waiting: 0, stuck: 0, unfinished: 0 };
  for (const ending of found.endings.values()) endings[ending]++;
  const decided = (as: 'approved' | 'declined'): number => found.facts.cases.filter(({ state }) => state === as).length;
  return {
    transfers: file.transfers.length,
    endings,
    waiting: file.transfers.filter(({ id }) => found.endings.get(id) === 'waiting').map(({ id, cents }) => ({ id, cents })),
    approved: decided('approved'),
    declined: decided('declined'),
    badLines: file.bad,
    repeatedLines: file.repeated.length,
    workers: options.workers,
    killsSurvived: teller.kills,
    killsAsked: options.kills,
    stepsReplayed: teller.replayed,
    askedAgain: found.facts.askedAgain,
    elapsedMs: Math.round(elapsedMs),
    seed: options.seed,
    balance: found.balance,
    invariants: found.invariants,
  };
}
