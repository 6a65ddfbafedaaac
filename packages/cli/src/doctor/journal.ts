import { ConfigurationError, createRuntime, StoreError } from '@redress/core';
import type { Store } from '@redress/core';
import { MissingFileError, UsageError } from '../exit.js';
import { span } from '../span.js';
import { openStore, shown } from '../store.js';
import { ok, problem, warning } from './finding.js';
import type { Finding } from './finding.js';

/** So far the clocks may differ: leases are counted by the store's clock, logs by the host's. */
const MOST_OFFSET_MS = 2_000;
const SLOW_MS = 250;
const FIRST_START = 'The app makes it when it first starts; if it has, look for another name or place.';

/** Whether the store answers, and is fit to keep what must last. */
export async function lookAtStore(
  place: string,
  folder: string,
  namespace: string | undefined,
  now: () => number,
): Promise<readonly Finding[]> {
  const name = shown(place);
  let opened;
  try {
    opened = await openStore(place, folder, namespace);
  } catch (error) {
    if (error instanceof ConfigurationError)
      return error.problems.map((one) => {
        const { subject, cause, remedy } = one;
        if ((one as { readonly code?: string }).code === 'CONFIG_STORE_MISSING') return warning(name, `${subject}: ${cause}`, FIRST_START);
        return problem(name, `${subject}: ${cause}`, remedy);
      });
    if (error instanceof StoreError) return [problem(name, error.message, 'Start it, or give the right address.')];
    if (error instanceof MissingFileError) return [warning(name, 'there is no such file yet.', FIRST_START)];
    if (error instanceof UsageError) return [problem(name, error.message, 'Give the right place by --store.')];
    throw error;
  }
  const { store } = opened;
  try {
    return [ok(name, 'answers'), ofDurability(name, store), ...(await ofClock(name, store, now)), ...(await ofRuns(name, store))];
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return [problem(name, error.message, 'Look at the log of the store.')];
  } finally {
    await opened.close();
  }
}

function ofDurability(name: string, { durability }: Store): Finding {
  if (durability !== 'process')
    return ok(name, `what it has answered survives the loss of ${durability === 'host' ? 'the process and the host' : 'one host'}`);
  return warning(
    name,
    'what it has answered may be lost when its host crashes.',
    'Redis: appendonly yes with appendfsync always, or `wait` with replicas; say `requires` on sagas that need more.',
  );
}

async function ofClock(name: string, store: Store, now: () => number): Promise<readonly Finding[]> {
  const sentAt = now();
  const there = await store.now();
  const tookMs = now() - sentAt;
  const offset = there - (sentAt + tookMs / 2);
  const slow =
    tookMs > SLOW_MS ? [warning(name, `took ${span(tookMs)} to say what time it is.`, 'Bring it nearer; each step waits for it.')] : [];
  if (Math.abs(offset) <= MOST_OFFSET_MS) return [...slow, ok(name, `its clock is ${Math.round(offset)} ms from this computer's`)];
  return [
    ...slow,
    warning(
      name,
      `its clock is ${span(offset)} ${offset > 0 ? 'ahead of' : 'behind'} this computer's.`,
      'Leases do not mind; what people read does. Run NTP on both.',
    ),
  ];
}

async function ofRuns(name: string, store: Store): Promise<readonly Finding[]> {
  const runtime = createRuntime({ store, worker: false });
  try {
    const [stuck, blocked] = await Promise.all([
      runtime.admin.list({ status: ['stuck'], limit: 100 }),
      runtime.admin.list({ status: ['running', 'compensating'], blocked: true, limit: 100 }),
    ]);
    const more = (page: { readonly next?: string }): string => (page.next === undefined ? '' : ' or more');
    return [
      stuck.runs.length === 0
        ? ok(name, 'no run is stuck')
        : warning(name, `${stuck.runs.length}${more(stuck)} runs are stuck.`, 'redress list --status stuck'),
      ...(blocked.runs.length === 0
        ? []
        : [warning(name, `${blocked.runs.length}${more(blocked)} runs do not fit the code that took them up.`, 'redress list --blocked')]),
    ];
  } finally {
    await runtime.stop();
  }
}
