import { StoreArgumentError } from './errors.js';
import type { Change, Claim, Query } from './store.js';

const MAX_TEXT = 512;
const MAX_ENTRIES = 1_000;

function text(value: unknown, what: string): void {
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_TEXT || value.includes('\0')) {
    throw new StoreArgumentError(`${what} must be a text of 1 to ${MAX_TEXT} characters without NUL; got ${shown(value)}.`);
  }
}

function shown(value: unknown): string {
  const json = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}

function whole(value: unknown, what: string, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new StoreArgumentError(`${what} must be a whole number of at least ${least}; got ${shown(value)}.`);
  }
}

function time(value: unknown, what: string): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new StoreArgumentError(`${what} must be a finite number of milliseconds; got ${shown(value)}.`);
  }
}

/** What every adapter asks before it writes. @throws StoreArgumentError naming the argument. */
export function checkChange(change: Change): void {
  text(change.id, 'id');
  const least = change.expect === 'absent' ? 1 : 0;
  if (change.entries.length < least || change.entries.length > MAX_ENTRIES) {
    throw new StoreArgumentError(`A commit has ${least} to ${MAX_ENTRIES} entries; got ${change.entries.length}.`);
  }
  for (const entry of change.entries) {
    text(entry.key, 'key');
    text(entry.type, 'type');
    if (typeof entry.data !== 'string' && !(entry.data instanceof Uint8Array)) {
      throw new StoreArgumentError(`data of "${entry.key}" must be text or bytes.`);
    }
  }
  const twice = twiceUsed(change.entries);
  if (twice !== undefined) throw new StoreArgumentError(`The key "${twice}" stands twice in one commit.`);
  if (change.expect === 'absent') {
    if (!change.create) throw new StoreArgumentError('A commit that expects no stream must say what to create.');
    text(change.create.kind, 'kind');
    text(change.create.name, 'name');
  } else {
    if (change.create) throw new StoreArgumentError('Only a commit that expects no stream may create one.');
    whole(change.expect.version, 'expect.version', 1);
    text(change.expect.stamp, 'expect.stamp');
  }
  checkPatch(change);
}

function twiceUsed(entries: Change['entries']): string | undefined {
  // Nearly all commits have two.
  if (entries.length <= 2) return entries.length === 2 && entries[0]?.key === entries[1]?.key ? entries[0]?.key : undefined;
  const keys = new Set<string>();
  return entries.find(({ key }) => keys.size === keys.add(key).size)?.key;
}

function checkPatch({ head, trimTo }: Change): void {
  if (trimTo !== undefined) whole(trimTo, 'trimTo', 0);
  if (!head) return;
  if (head.status !== undefined) text(head.status, 'status');
  if (head.owner !== undefined && head.owner !== null) text(head.owner, 'owner');
  if (head.claims !== undefined) whole(head.claims, 'claims', 0);
  if (head.wake) time('at' in head.wake ? head.wake.at : head.wake.inMs, 'wake');
  if (!head.tags) return;
  for (const [key, value] of Object.entries(head.tags)) {
    text(key, 'tag name');
    text(value, `tag "${key}"`);
  }
}

/** @throws StoreArgumentError naming the argument. */
export function checkClaim(claim: Claim): void {
  text(claim.owner, 'owner');
  for (const kind of claim.kinds) text(kind, 'kind');
  for (const name of claim.names ?? []) text(name, 'name');
  checkLease(claim.leaseMs);
  whole(claim.limit, 'limit', 1);
}

/** @throws StoreArgumentError naming the argument. */
export function checkLease(leaseMs: number): void {
  time(leaseMs, 'leaseMs');
  if (leaseMs <= 0) throw new StoreArgumentError(`leaseMs must be above 0; got ${leaseMs}.`);
}

/** The page size asked for, checked. @throws StoreArgumentError naming the argument. */
export function checkQuery(query: Query): number {
  const limit = query.limit ?? 100;
  whole(limit, 'limit', 1);
  if (limit > 1_000) throw new StoreArgumentError(`limit is at most 1000; got ${limit}.`);
  if (query.order !== undefined && query.order !== 'id' && query.order !== 'wake') {
    throw new StoreArgumentError(`order is 'id' or 'wake'; got ${shown(query.order)}.`);
  }
  return limit;
}
