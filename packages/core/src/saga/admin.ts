import { durationMs } from '../base/duration.js';
import { SagaNotFoundError } from './errors.js';
import { StoreError } from '../base/errors.js';
import type { Head, Query, Store } from '../base/store.js';
import type { Admin, Health, RunQuery, RunsPage, RunStatus, RunSummary } from './admin-types.js';
import { isNeeded } from './burial.js';
import { readMeta } from './meta.js';
import { streamOf } from './desk.js';
import type { Desk } from './desk.js';
import { isAtRest } from './run-end.js';
import { viewOf } from './run-view.js';
import type { Verbs } from './verbs.js';

/** What operators' questions need of the runtime. */
export interface AdminHost {
  readonly desk: Desk;
  readonly stopping: boolean;
  readonly owned: number;
  readonly recovered: number;
  resolvable(): readonly string[];
  names(): readonly string[];
}

const PAGE = 200;

/** Looking at runs, and the verbs. */
export function createAdmin(host: AdminHost, verbs: Verbs): Admin {
  const { store, codecs } = host.desk;
  return {
    list: (query = {}) => list(store, query),
    async show(saga, id) {
      const loaded = await store.load(streamOf(saga, id));
      if (!loaded) throw new SagaNotFoundError(saga, id);
      return viewOf(codecs, loaded, summaryOf(loaded.head));
    },
    retry: (saga, id, audit) => verbs.retry(saga, id, audit),
    markCompensated: (saga, id, step, audit) => verbs.markCompensated(saga, id, step, audit),
    completeStep: (saga, id, step, value, audit) => verbs.completeStep(saga, id, step, value, audit),
    refuseStep: (saga, id, step, audit) => verbs.refuseStep(saga, id, step, audit),
    waive: (saga, id, step, audit) => verbs.waive(saga, id, step, audit),
    hold: (saga, id, audit) => verbs.hold(saga, id, audit),
    release: (saga, id, audit) => verbs.release(saga, id, audit),
    cancel: (saga, id, audit) => verbs.cancel(saga, id, audit),
    extend: (saga, id, deadline, audit) => verbs.extend(saga, id, durationMs(deadline, 'deadline'), audit),
    purge: (query) => purge(store, query),
    health: () => health(host),
  };
}

/** A run in short, from the head of its stream. */
export function summaryOf(head: Head): RunSummary {
  const meta = readMeta(head.meta);
  const { error: _error, ...tags } = head.tags;
  return {
    saga: head.name,
    id: head.id.slice(head.name.length + 1),
    status: head.status as RunStatus,
    ...dueOf(head),
    owner: head.owner,
    held: meta.held ?? false,
    cancelRequested: meta.cancelRequested ?? false,
    pivot: meta.pivot ?? 'none',
    ...(meta.cause ? { cause: meta.cause } : {}),
    ...(meta.blocked === undefined ? {} : { blocked: meta.blocked }),
    tags,
    recoveries: head.claims,
  };
}

/** One that has ended is not due, though its store calls it so when it was kept long enough. */
function dueOf({ status, wakeAt }: Head): Pick<RunSummary, 'dueAt' | 'keptUntil'> {
  if (!isAtRest(status)) return { dueAt: wakeAt };
  return wakeAt === null ? { dueAt: null } : { dueAt: null, keptUntil: wakeAt };
}

async function list(store: Store, query: RunQuery): Promise<RunsPage> {
  const limit = query.limit ?? 100;
  const before = query.olderThan === undefined ? undefined : (await store.now()) - durationMs(query.olderThan, 'olderThan');
  const runs: RunSummary[] = [];
  let after = query.after;
  for (;;) {
    const page = await store.scan({
      kind: 'saga',
      ...(query.saga === undefined ? {} : { name: query.saga }),
      ...(query.status === undefined ? {} : { status: query.status }),
      ...tagOf(query),
      ...(after === undefined ? {} : { after }),
      limit: Math.min(Math.max(limit, 1), PAGE),
    });
    for (const head of page.heads) {
      const run = summaryOf(head);
      if (matches(run, query) && (before === undefined || (await begunAt(store, head)) <= before)) runs.push(run);
      if (runs.length === limit) return head === page.heads.at(-1) && !page.next ? { runs } : { runs, next: head.id };
    }
    if (page.next === undefined) return { runs };
    after = page.next;
  }
}

function tagOf({ error, tag }: RunQuery): Pick<Query, 'tag'> {
  if (error !== undefined) return { tag: { key: 'error', value: error } };
  return tag === undefined ? {} : { tag };
}

function matches(run: RunSummary, { text, held, blocked, tag, error }: RunQuery): boolean {
  if (held !== undefined && run.held !== held) return false;
  if (blocked !== undefined && (run.blocked !== undefined) !== blocked) return false;
  // A store finds by one tag; the other one is looked at here.
  if (tag !== undefined && error !== undefined && run.tags[tag.key] !== tag.value) return false;
  return text === undefined || run.id.includes(text) || (run.cause?.message.includes(text) ?? false);
}

async function begunAt(store: Store, head: Head): Promise<number> {
  return (await store.load(head.id, { limit: 1 }))?.entries[0]?.at ?? 0;
}

/** Runs that are unfinished, stuck or mixed are kept, whatever their age. */
async function purge(store: Store, query: Parameters<Admin['purge']>[0]): Promise<number> {
  const before = (await store.now()) - durationMs(query.endedBefore, 'endedBefore');
  const limit = query.limit ?? Infinity;
  let purged = 0;
  let after: string | undefined;
  do {
    const name = query.saga === undefined ? {} : { name: query.saga };
    const page = await store.scan({
      kind: 'saga',
      ...name,
      status: ['completed', 'compensated'],
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const head of page.heads) {
      if (purged >= limit) return purged;
      const endedAt = (await store.load(head.id, { from: head.length - 1 }))?.entries.at(-1)?.at;
      if (endedAt === undefined || endedAt > before) continue;
      if (await isNeeded(store, head)) continue;
      if (await store.drop(head.id, head)) purged += 1;
    }
    after = page.next;
  } while (after !== undefined);
  return purged;
}

async function health(host: AdminHost): Promise<Health> {
  const { clock } = host.desk.environment;
  const known = new Set(host.resolvable());
  const unresolvable = host.names().filter((name) => !known.has(name));
  const details = { owned: host.owned, recovered: host.recovered, stopping: host.stopping, unresolvable };
  const sentAt = clock.monotonic();
  try {
    await host.desk.store.now();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { live: false, ready: false, details: { ...details, error: error.message } };
  }
  return { live: true, ready: !host.stopping, details: { ...details, storeMs: clock.monotonic() - sentAt } };
}
