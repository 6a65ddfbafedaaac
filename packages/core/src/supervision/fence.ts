import { sleep } from '../base/clock.js';
import type { Environment } from '../base/environment.js';
import { ConflictError } from '../base/errors.js';
import type { Data, Head, Store } from '../base/store.js';
import { ChildFencedError } from './errors.js';

/** Says which life of a child it is. Plain data: it can be sent to a process or thread. */
export interface FencingToken {
  /** The stream of this child in the store. */
  readonly stream: string;
  /** Grows with each life and each write: also a number to send along to whoever remembers the highest one that it has seen. */
  readonly version: number;
  readonly stamp: string;
  /** The word of this life. */
  readonly life: string;
}

/** The right of one life of a child to write. The store itself refuses a life that is not the last one to begin. */
export interface Fence {
  readonly token: FencingToken;
  /**
   * Appends to the child's stream, if this life is still the last one. Repeating a write with its key is harmless.
   * @throws ChildFencedError when another life has begun since: nothing was written. StoreUnavailableError: not known.
   */
  write(key: string, data: Data, type?: string): Promise<void>;
  /** Whether this life is still the last one, now. It may not be any more when the answer arrives: `write` knows. */
  holds(): Promise<boolean>;
}

const KIND = 'supervised';
/** A claim is over at once: the stream is always due, for whoever begins the next life. */
const LEASE_MS = 1;
/** How often, and with which pause, it is tried when others begin lives of the same child at the same moment. */
const TRIES = 50;
const PAUSE_MS = 5;

export function fenceStream(supervisor: string, child: string): string {
  return `supervised/${supervisor}/${child}`;
}

/**
 * Begins a life in the store: from now on, what earlier ones write is refused. By a claim, which asks for no version: a
 * zombie that writes without a pause would win every race against a guarded commit.
 */
export async function takeFence({ clock, random }: Environment, store: Store, supervisor: string, child: string): Promise<Fence> {
  const stream = fenceStream(supervisor, child);
  const life = random.word();
  if (!(await store.load(stream, { limit: 0 }))) await create(store, stream, life);
  for (let tries = 1; tries <= TRIES; tries++) {
    const [head] = await store.claim({ owner: life, kinds: [KIND], names: [stream], leaseMs: LEASE_MS, limit: 1 });
    if (head) return fenceOf(store, tokenOf(head, life));
    await sleep(clock, PAUSE_MS);
  }
  throw new ConflictError(stream, 'version', { why: 'other supervisors of this name begin lives of this child all the time' });
}

async function create(store: Store, stream: string, life: string): Promise<void> {
  try {
    await store.commit({
      id: stream,
      expect: 'absent',
      create: { kind: KIND, name: stream },
      entries: [{ key: 'first-life', type: 'child.started', data: life }],
      head: { wake: { inMs: 0 } },
    });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

function tokenOf({ id, version, stamp }: Head, life: string): FencingToken {
  return { stream: id, version, stamp, life };
}

/** The fence of a token that was handed to this process. */
export function fenceOf(store: Store, token: FencingToken): Fence {
  let current = token;
  let queue: Promise<void> = Promise.resolve();
  const mine = async (): Promise<Head | undefined> => {
    const head = (await store.load(current.stream, { limit: 0 }))?.head;
    return head && head.owner === current.life ? head : undefined;
  };
  const commit = async (key: string, data: Data, type: string): Promise<void> => {
    const { stream, version, stamp, life } = current;
    const { head, applied } = await store.commit({ id: stream, expect: { version, stamp }, entries: [{ key, type, data }] });
    // It was written before, perhaps by an earlier life: what is there now tells whose stream it is.
    if (!applied && head.owner !== life) throw new ChildFencedError(stream, { key });
    current = tokenOf(head, life);
  };
  const write = async (key: string, data: Data, type: string): Promise<void> => {
    try {
      await commit(key, data, type);
    } catch (error) {
      if (!(error instanceof ConflictError) || error.reason === 'key' || error.reason === 'trimmed') throw error;
      // An own write whose answer was lost has moved the version as well.
      const head = await mine();
      if (!head || head.version === current.version) throw new ChildFencedError(current.stream, { key }, error);
      current = tokenOf(head, current.life);
      await commit(key, data, type).catch((again: unknown) => {
        throw again instanceof ConflictError ? new ChildFencedError(current.stream, { key }, again) : again;
      });
    }
  };
  return {
    get token() {
      return current;
    },
    write(key, data, type = 'child.wrote') {
      // One after the other: two at once would fence each other.
      const one = queue.then(() => write(key, data, type));
      queue = one.catch(() => {});
      return one;
    },
    holds: async () => (await mine()) !== undefined,
  };
}
