import type { Clock } from '../../base/clock.js';
import type { Cells } from './cells.js';
import { frame } from './frames.js';
import type { Block, Op } from './frames.js';
import type { Holder, Walk } from './holder.js';
import { ABSENT, isThere } from './sight.js';
import type { Change } from './tracker.js';
import type { StateCodec } from './v8-codec.js';

const SLICE_MS = 1;
const BLOCK_BYTES = 16 * 1024;
const MOST_ITEMS = 2048;

/** The contents of some cells at one moment, while they go on being written to. */
interface Source {
  readonly map: ReadonlyMap<unknown, unknown>;
  /** What was overwritten since. Values are frozen, so holding them is keeping them. */
  readonly early: Map<unknown, unknown>;
  /** Came since. */
  readonly added: Set<unknown>;
  isDone: boolean;
}

/** Encodes the committed state of one moment, all at once or in slices between which calls go on. */
export class Encoding implements Walk {
  private readonly sources = new Map<Cells, Source>();

  constructor(
    private readonly holder: Holder,
    private readonly codec: StateCodec,
  ) {
    for (const cells of holder.parts) {
      // A call that is under way is no part of it.
      const past = holder.turn ? holder.past(cells, 0) : undefined;
      const early = new Map(past?.olds);
      const added = new Set<unknown>();
      for (const [key, old] of early) if (old === ABSENT) added.add(key);
      for (const key of added) early.delete(key);
      this.sources.set(cells, { map: past?.source ?? cells.present.map, early, added, isDone: false });
    }
  }

  before(cells: Cells, key: unknown, old: unknown): boolean {
    const source = this.sources.get(cells);
    if (!source || source.isDone || source.map !== cells.present.map) return false;
    if (old === ABSENT) source.added.add(key);
    else if (!source.early.has(key) && !source.added.has(key)) source.early.set(key, kept(this.codec, old));
    return true;
  }

  holds(cells: Cells): boolean {
    const source = this.sources.get(cells);
    return source !== undefined && !source.isDone && source.map === cells.present.map;
  }

  /** In one go. */
  *frames(): Generator<Uint8Array> {
    for (const [cells, source] of this.sources) {
      yield* frame(this.codec, { part: cells.name, op: 'new', items: [] });
      yield* framesOf(this.codec, cells.name, 'put', this.entries(source));
      source.isDone = true;
    }
  }

  private *entries({ map, early, added }: Source): Generator<readonly [unknown, unknown]> {
    for (const [key, now] of map) {
      if (added.has(key)) continue;
      const value = early.has(key) ? early.get(key) : now;
      if (isThere(value)) yield [key, value];
    }
  }

  /** Calls go on meanwhile, and their writes are no part of it: to be ended, whatever happens. */
  begin(): this {
    this.holder.walk = this;
    return this;
  }

  end(): void {
    if (this.holder.walk === this) this.holder.walked();
  }
}

/** What has changed, as blocks: what was replaced whole, what is gone, what was changed, what came. */
export function* changedFrames(
  holder: Holder,
  codec: StateCodec,
  changes: ReadonlyMap<Cells, ReadonlyMap<unknown, Change> | 'all'>,
): Generator<Uint8Array> {
  const lists: { readonly part: string; readonly op: Op; readonly items: (readonly [unknown, unknown])[] }[] = [];
  for (const [cells, keys] of changes) {
    const past = holder.turn ? holder.past(cells, 0) : undefined;
    const { name: part } = cells;
    if (keys === 'all') {
      const now = past ? past.entries() : cells.present.map.entries();
      lists.push({ part, op: 'new', items: [] }, { part, op: 'put', items: [...now].filter(([, value]) => isThere(value)) });
      continue;
    }
    const [del, put, add]: [unknown, unknown][][] = [[], [], []] as unknown as [unknown, unknown][][];
    for (const [key, change] of keys) {
      const value = past ? past.get(key) : cells.inPlace(key);
      (!isThere(value) ? del : change === 'added' ? add : put)?.push([key, value]);
    }
    lists.push({ part, op: 'del', items: del ?? [] }, { part, op: 'put', items: put ?? [] }, { part, op: 'add', items: add ?? [] });
  }
  // From here on the holder is not looked at any more: calls may go on.
  for (const { part, op, items } of lists) {
    if (op === 'new') yield* frame(codec, { part, op, items: [] });
    else yield* framesOf(codec, part, op, items);
  }
}

/** Blocks of a size that takes well under a slice to encode. */
function* framesOf(codec: StateCodec, part: string, op: Op, entries: Iterable<readonly [unknown, unknown]>): Generator<Uint8Array> {
  let most = 32;
  let items: unknown[] = [];
  let count = 0;
  const encode = (): readonly Uint8Array[] => {
    const block: Block = { part, op, items };
    const frames = frame(codec, block);
    const bytes = frames.reduce((sum, one) => sum + one.length, 0);
    if (bytes > BLOCK_BYTES) most = Math.max(1, most >> 1);
    else if (bytes < BLOCK_BYTES / 2) most = Math.min(MOST_ITEMS, most << 1);
    items = [];
    count = 0;
    return frames;
  };
  for (const [key, value] of entries) {
    items.push(key);
    if (op !== 'del') items.push(value);
    if (++count >= most) yield* encode();
  }
  if (count > 0) yield* encode();
}

/** Takes from a generator until a slice is over, then lets the event loop go round. */
export async function inSlices<T>(clock: Clock, pieces: Iterable<T>, take: (piece: T) => void, sliceMs = SLICE_MS): Promise<void> {
  let startedAt = clock.monotonic();
  for (const one of pieces) {
    take(one);
    if (clock.monotonic() - startedAt < sliceMs) continue;
    await new Promise<void>((resolve) => clock.nextTurn(resolve));
    startedAt = clock.monotonic();
  }
}

/** A state that is not in an object, whole. */
export function* stateFrames(codec: StateCodec, state: ReadonlyMap<string, ReadonlyMap<unknown, unknown>>): Generator<Uint8Array> {
  for (const [part, map] of state) {
    yield* frame(codec, { part, op: 'new', items: [] });
    yield* framesOf(codec, part, 'put', map);
  }
}

/** A value as it is now: what can be written to in spite of everything is copied at once. */
function kept(codec: StateCodec, value: unknown): unknown {
  try {
    if (!isThere(value) || isFrozenDown(value, new Set())) return value;
    return codec.decode(codec.encode(value));
  } catch {
    // It will be refused, with its path, where it is encoded, and not in the middle of somebody's write.
    return value;
  }
}

function isFrozenDown(value: unknown, met: Set<object>): boolean {
  if (typeof value !== 'object' || value === null || met.has(value)) return true;
  met.add(value);
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype !== Object.prototype && !Array.isArray(value)) return false;
  return Object.isFrozen(value) && Object.values(value).every((one) => isFrozenDown(one, met));
}
