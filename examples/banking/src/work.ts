import 'reflect-metadata';
import { createEventBus, SagaCompensatedError, SagaIdConflictError, SagaStillRunningError, SagaStuckError } from '@redress/core';
import type { RedressEvent, Store } from '@redress/core';
import { redress } from '@redress/decorators';
import type { App } from '@redress/decorators';
import { inParallel, patiently, runsOf, UsageError } from '@redress/example-shared';
import { container } from 'tsyringe';
import { SAGA } from './endings.js';
import type { Job, Report } from './messages.js';
import { ARCHIVE, CLEARING_HOUSE, LEDGER, LIMIT_REGISTER, REVIEW_OFFICE, TransferService } from './services.js';
import { needsReview } from './transfer.js';
import type { Transfer } from './transfer.js';
import { openWorld } from './world/world.js';
import type { World } from './world/world.js';

/** Transfers that one worker begins at a time. */
const CONCURRENCY = 12;

/** Gives out all transfers of its share, then goes on with what others left, until it is told to stop. */
export async function work(job: Job, store: Store, report: (report: Report) => void, stop: Promise<unknown>): Promise<void> {
  const world = openWorld({
    file: job.world,
    weather: job.weather,
    clearingWeather: job.clearingWeather,
    onAccepted: (id) => report({ type: 'accepted', id }),
  });
  provide(world);
  const events = createEventBus();
  events.on('*', (event) => report(told(event)));

  const known = new Map<string, string>();
  for await (const [id, { status }] of runsOf(store, SAGA)) known.set(id, status);
  const app = await redress({
    container,
    store,
    environment: { events },
    lease: job.leaseMs,
    poll: Math.min(200, job.leaseMs / 4),
  });
  const mine = job.transfers.filter(({ id }) => known.has(id));
  report({ type: 'ready', left: mine.filter(({ id }) => UNFINISHED.has(known.get(id) ?? '')).length });

  // These are in the journal, and nothing is done twice; one that is there with other content stops us before anything is begun.
  await inParallel(mine, CONCURRENCY, (transfer) => begin(app, transfer));
  const fresh = job.transfers.filter(({ id }) => !known.has(id));
  await inParallel(fresh, CONCURRENCY, async (transfer) => {
    await begin(app, transfer);
    // A person takes a while: nobody stays on the line for that.
    if (!needsReview(transfer)) await ended(app, transfer);
  });
  report({ type: 'placed' });
  await stop;
  await app.stop();
  world.close();
}

const UNFINISHED: ReadonlySet<string> = new Set(['running', 'compensating']);

/** The container's part in it: names for what is not ours. */
export function provide(world: World): void {
  container.register(LIMIT_REGISTER, { useValue: world.limits });
  container.register(LEDGER, { useValue: world.ledger });
  container.register(REVIEW_OFFICE, { useValue: world.reviews });
  container.register(CLEARING_HOUSE, { useValue: world.clearing });
  container.register(ARCHIVE, { useValue: world.archive });
}

async function begin(app: App, transfer: Transfer): Promise<void> {
  try {
    await patiently(() => app.start(TransferService, 'transfer', transfer));
  } catch (error) {
    if (!(error instanceof SagaIdConflictError)) throw error;
    throw new UsageError(`Transfer ${transfer.id} is in the journal already, with other content: give it a new id, or use another store.`);
  }
}

/** Endings are all alike here: the journal is asked for them at the end. */
async function ended(app: App, { id }: Transfer): Promise<void> {
  try {
    await app.handle(TransferService, 'transfer', id).outcome();
  } catch (error) {
    if (error instanceof SagaCompensatedError || error instanceof SagaStuckError || error instanceof SagaStillRunningError) return;
    throw error;
  }
}

function told({ name, id = '', step, error }: RedressEvent): Report {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return { type: 'event', name, id, ...(step === undefined ? {} : { step }), ...(typeof code === 'string' ? { code } : {}) };
}
