import { COMMIT } from './commit-script.js';
import { refusalOf } from './refusal.js';
import type { Scripts } from './lanes.js';
import type { Partition } from './layout.js';
import type { Space } from './space.js';
import type { Argument, Reply } from './wire.js';

/** What the script says of one commit: what became of it, and when. */
export interface Verdict {
  readonly at: number;
  /** `wakeAt` as it is stored, of one that was applied. */
  readonly wake: string | undefined;
  /** What stands in its way. */
  readonly refusal: readonly Reply[];
}

/** One commit on its way. */
export interface Piece {
  readonly partition: Partition;
  /** Of its stream. */
  readonly key: string;
  /** Of the due set that it changes, if any. */
  readonly due: string | undefined;
  readonly args: readonly Argument[];
  readonly answer: (verdict: Verdict) => void;
  readonly refuse: (error: unknown) => void;
}

/** So many commits in one script: while Redis works on the next one, this process works on the answers. */
const MOST_PIECES = 32;
/** A script that carries more has enough to do. Characters, near enough. */
const MOST_LENGTH = 256 * 1024;
const NOTHING: readonly Reply[] = [];

/** The commits of one turn of the event loop, in as few scripts as is good for both sides. */
export class Batch {
  readonly #space: Space;
  readonly #scripts: Scripts;
  #pieces = new Map<Partition, Piece[]>();

  constructor(space: Space, scripts: Scripts) {
    this.#space = space;
    this.#scripts = scripts;
    space.wire.beforeSend = () => this.#send();
  }

  add(piece: Piece): void {
    const there = this.#pieces.get(piece.partition);
    if (there) there.push(piece);
    else this.#pieces.set(piece.partition, [piece]);
    this.#space.wire.plan();
  }

  /** Those of one partition together: a script reads and writes the record of each once. */
  #send(): void {
    if (this.#pieces.size === 0) return;
    const groups = this.#pieces;
    this.#pieces = new Map();
    const { isCluster } = this.#space.wire;
    let some: Piece[] = [];
    let length = 0;
    const run = (): void => {
      if (some.length > 0) this.#run(some);
      some = [];
      length = 0;
    };
    for (const pieces of groups.values()) {
      for (const piece of pieces) {
        some.push(piece);
        for (const arg of piece.args) length += typeof arg === 'number' ? 8 : arg.length;
        if (some.length === MOST_PIECES || length > MOST_LENGTH) run();
      }
      // In a cluster each partition has a slot of its own.
      if (isCluster) run();
    }
    run();
  }

  #run(pieces: readonly Piece[]): void {
    const args: Argument[] = [this.#space.floor, pieces.length];
    const keys = new Set<string>();
    for (const { partition, due } of pieces) {
      keys.add(partition.record).add(partition.index);
      if (due !== undefined) keys.add(due);
    }
    for (const piece of pieces) for (const arg of piece.args) args.push(arg);
    this.#scripts.run(COMMIT, (pieces[0] as Piece).partition, [...pieces.map(({ key }) => key), ...keys], args).then(
      (reply) => this.#settle(pieces, reply as readonly Reply[]),
      (error: unknown) => {
        // What makes one of them fail in the middle of the script is not known: each is tried by itself.
        if (pieces.length > 1 && isOfScript(error)) for (const piece of pieces) this.#run([piece]);
        else for (const { refuse } of pieces) refuse(error);
      },
    );
  }

  #settle(pieces: readonly Piece[], [moment, judged, ...refusals]: readonly Reply[]): void {
    const at = this.#space.saw(moment);
    const words = (judged as Buffer).toString('latin1').split(' ');
    let next = 0;
    for (const [i, { answer }] of pieces.entries()) {
      const word = words[i] as string;
      if (word.startsWith('+')) answer({ at, wake: word.slice(1), refusal: NOTHING });
      else answer({ at, wake: undefined, refusal: refusals[next++] as readonly Reply[] });
    }
  }
}

/** Redis ran the script, or read it, and failed at it; nothing that is known of servers and passes by itself. */
function isOfScript(error: unknown): boolean {
  const { cause } = (error ?? {}) as { readonly cause?: unknown };
  if (!(cause instanceof Error) || cause.name !== 'ReplyError') return false;
  const refusal = refusalOf(cause);
  return refusal === undefined || refusal === 'WRONGTYPE';
}
