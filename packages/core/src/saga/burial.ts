import { ConflictError, StoreError } from '../base/errors.js';
import type { Head, Store, Wake } from '../base/store.js';
import { childId, childSaga, isChild } from './child-key.js';
import { History } from './history.js';
import { readMeta } from './meta.js';
import { streamOf } from './desk.js';
import type { Desk } from './desk.js';
import { isAtRest } from './run-end.js';

/** A run whose children have not all ended is looked at again after this long at least. */
const AGAIN_MS = 60_000;

/** A claimed run that has ended: it is forgotten when it was kept long enough, else laid down as it was. */
export async function layToRest(desk: Desk, head: Head): Promise<void> {
  const until = await keptUntil(desk.store, head);
  // The claim set the lease's end from the store's clock.
  const now = (head.wakeAt ?? 0) - desk.leaseMs;
  let wake: Wake = until === undefined ? null : { at: until };
  if (until !== undefined && until <= now) {
    if (await forget(desk, head)) return;
    wake = { inMs: Math.max(readMeta(head.meta).keptMs ?? 0, AGAIN_MS) };
  }
  // Whatever else called it due was wrong, and its lease must not call it due again.
  await desk.store.commit({ id: head.id, expect: head, entries: [], head: { owner: null, wake, claims: 0 } });
}

/** The moment that was written with its end, in milliseconds of the store's clock. Undefined: it is kept until it is purged. */
async function keptUntil(store: Store, head: Head): Promise<number | undefined> {
  const { keptMs } = readMeta(head.meta);
  if (keptMs === undefined || !isWhole(head)) return undefined;
  const endedAt = (await store.load(head.id, { from: head.length - 1 }))?.entries.at(-1)?.at;
  return endedAt === undefined ? undefined : endedAt + keptMs;
}

/** Ended, and nothing of it left for a person to look at. */
function isWhole({ status }: Head): boolean {
  return status === 'completed' || status === 'compensated';
}

/** The children first, so that a run whose burial was interrupted is there to lead to them. False: it cannot be yet. */
async function forget(desk: Desk, head: Head): Promise<boolean> {
  try {
    const family = readMeta(head.meta).family ? await familyOf(desk, head) : [];
    if (!family) return false;
    for (const one of family) await desk.store.drop(one.id, one);
    await desk.store.drop(head.id, head);
  } catch (error) {
    // Somebody has written to one of them.
    if (error instanceof ConflictError) return false;
    if (error instanceof StoreError) throw error;
    tell(desk, 'run.unreadable', head, { error });
    return false;
  }
  tell(desk, 'run.forgotten', head);
  return true;
}

/** All that were begun as steps of it, the youngest generation first. Undefined: some have not ended. */
async function familyOf(desk: Desk, { id }: Head): Promise<readonly Head[] | undefined> {
  const loaded = await desk.store.load(id);
  const { steps } = History.read(desk.codecs, loaded?.entries ?? []);
  const found: Head[] = [];
  for (const { intent } of steps.filter((step) => isChild(step.intent.operation))) {
    const stream = streamOf(childSaga(intent.operation), childId(intent.key));
    const head = (await desk.store.load(stream, { limit: 0 }))?.head;
    // One that is mixed stays for a person to look at.
    if (!head || head.status === 'mixed') continue;
    if (!isWhole(head)) return undefined;
    const theirs = readMeta(head.meta).family ? await familyOf(desk, head) : [];
    if (!theirs) return undefined;
    found.push(...theirs, head);
  }
  return found;
}

/** Whether a run is a child of one that has not ended, in whichever generation: it may have to be undone. */
export async function isNeeded(store: Store, { meta }: Head): Promise<boolean> {
  const { parent } = readMeta(meta);
  const found = parent === undefined ? undefined : await store.load(parent, { limit: 0 });
  if (!found) return false;
  const { status } = found.head;
  return status === 'stuck' || !isAtRest(status) || isNeeded(store, found.head);
}

function tell({ environment: { clock, events } }: Desk, name: string, head: Head, more: { readonly error?: unknown } = {}): void {
  if (events.listening) events.publish({ name, at: clock.now(), saga: head.name, id: head.id.slice(head.name.length + 1), ...more });
}
