import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { checkStorePlace, FAIR, keep, shown, UsageError, workplace, wrap } from '@redress/example-shared';
import type { Screen, Workplace } from '@redress/example-shared';
import { audit, auditFiles } from './audit.js';
import type { Audit } from './audit.js';
import { KillPlan } from './kill-plan.js';
import { runLives } from './lives.js';
import type { Job } from './messages.js';
import type { Options } from './options.js';
import { readOrders } from './orders-file.js';
import type { OrdersFile } from './orders-file.js';
import type { Ending } from './order.js';
import { showSummary } from './summary.js';
import type { Summary } from './summary.js';
import { Teller } from './teller.js';

/** How long a dead worker's orders wait for the next one. */
const LEASE_MS = 1000;

/** Places a file of orders while the worker is killed, and says what came of it. Answers the exit code. */
export async function placeOrders(screen: Screen, options: Options): Promise<number> {
  const start = performance.now();
  const file = readOrders(read(options.orders), options.orders);
  const named = typeof options.store === 'object' ? options.store : undefined;
  if (named) await checkStorePlace(named);
  showFile(screen, options, file);
  if (file.orders.length === 0) throw new UsageError(`--orders ${options.orders}: it holds no order that can be placed.`);

  const teller = new Teller(
    screen,
    file.orders.map(({ id }) => id),
  );
  const place = workplace('orders', named);
  const job: Job = {
    orders: file.orders,
    store: place.store,
    world: place.world,
    weather: { ...FAIR, seed: options.seed },
    leaseMs: LEASE_MS,
    ...(options.fail ? { refuse: options.fail } : {}),
  };
  let found: Audit;
  try {
    found = options.store === 'memory' ? await inThisProcess(job, teller) : await inWorkers(job, options, teller);
  } catch (error) {
    if (error instanceof UsageError) place.remove();
    else leave(place, screen);
    throw error;
  }
  const summary = summarize(options, file, teller, found, performance.now() - start);
  const missed = options.killAt !== undefined && teller.kills === 0;
  const kept = summary.invariants.every((invariant) => invariant.ok);
  const ok = kept && !missed;

  showSummary(screen, summary);
  if (missed) screen.line(`✖ no order came by ${options.killAt}, so nothing was killed`);
  if (kept) place.remove();
  else leave(place, screen);
  if (options.json) process.stdout.write(`${JSON.stringify({ ok, ...summary }, undefined, 2)}\n`);
  return ok ? 0 : 1;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--orders ${file}: it cannot be read (${error instanceof Error ? error.message : String(error)}).`);
  }
}

function leave(place: Workplace, screen: Screen): void {
  keep(place);
  screen.line(`Journal and world are kept: ${shown(place.store)} and ${place.world}`);
}

async function inWorkers(job: Job, options: Options, teller: Teller): Promise<Audit> {
  const plan = new KillPlan(
    options.kills,
    job.orders.map(({ id }) => id),
    options.seed,
  );
  await runLives(job, options.killAt ? [options.killAt] : [], {
    onReport(report, doomed) {
      teller.add(report);
      return plan.isDue(report, doomed);
    },
    onKilled: () => teller.killed(),
  });
  return auditFiles(job, job.orders);
}

/** A store in memory dies with its process, so there is nothing to kill. */
async function inThisProcess(job: Job, teller: Teller): Promise<Audit> {
  const [{ memoryStore }, { work }] = await Promise.all([import('@redress/memory'), import('./work.js')]);
  const store = memoryStore();
  await work(job, store, (report) => teller.add(report));
  return audit(store, job.world, job.orders);
}

function showFile(screen: Screen, options: Options, file: OrdersFile): void {
  const { bold } = screen.colors;
  const kills =
    options.store === 'memory'
      ? 'in memory: one process, no kills'
      : options.killAt
        ? `killed at ${options.killAt}`
        : `${options.kills} kills`;
  const head = `${bold('Redress')}  ${file.orders.length} orders from ${basename(options.orders)}, ${kills}, seed ${options.seed}`;
  for (const line of wrap(head, screen.width, 2)) screen.line(line);
  screen.line();
}

function summarize(options: Options, file: OrdersFile, teller: Teller, found: Audit, elapsedMs: number): Summary {
  const endings: Record<Ending, number> = { shipped: 0, undone: 0, refused: 0, stuck: 0, unfinished: 0 };
  for (const ending of found.endings.values()) endings[ending]++;
  return {
    orders: file.orders.length,
    endings,
    badLines: file.bad,
    repeatedLines: file.repeated.length,
    killsSurvived: teller.kills,
    killsAsked: options.killAt ? 1 : options.kills,
    stepsReplayed: teller.replayed,
    askedAgain: found.facts.askedAgain,
    elapsedMs: Math.round(elapsedMs),
    seed: options.seed,
    invariants: found.invariants,
  };
}
