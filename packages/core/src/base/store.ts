/** What a store keeps without reading it: text, or bytes. */
export type Data = string | Uint8Array;

/** What an answered write survives: nothing but this process, the host's crash, or the loss of one host. */
export type Durability = 'process' | 'host' | 'replicated';

/** The state of a stream, changed together with its entries or not at all. */
export interface Head {
  readonly id: string;
  /** The family that the stream belongs to, such as `saga`. */
  readonly kind: string;
  /** What the stream is of, such as a saga's name. Claims select by it. */
  readonly name: string;
  /** Starts at 1 and grows by 1 with each commit and each claim. */
  readonly version: number;
  /** A random word, new with each commit and claim: an old writer cannot meet a reused version by chance. */
  readonly stamp: string;
  /** Number of entries ever appended, trimmed ones included; the next entry's index. */
  readonly length: number;
  readonly status: string;
  /** Who holds the stream until `wakeAt`, or null. */
  readonly owner: string | null;
  /** When the stream is due, in milliseconds of the store's clock; null: never. For an owned stream, its lease's end. */
  readonly wakeAt: number | null;
  /** Claims since the number was last set by a commit. */
  readonly claims: number;
  /** Small and opaque; the empty text when never set. */
  readonly meta: Data;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Entry {
  readonly index: number;
  readonly key: string;
  readonly type: string;
  readonly data: Data;
  /** When it was committed, in milliseconds of the store's clock. */
  readonly at: number;
}

export type NewEntry = Pick<Entry, 'key' | 'type' | 'data'>;

/** Absolute, or counted from the store's clock at the commit; null: never. */
export type Wake = { readonly at: number } | { readonly inMs: number } | null;

/** What a writer believes the stream to be. */
export type Expectation = 'absent' | { readonly version: number; readonly stamp: string };

export interface HeadPatch {
  readonly status?: string;
  readonly owner?: string | null;
  readonly wake?: Wake;
  readonly claims?: number;
  readonly meta?: Data;
  /** Replaces all tags. */
  readonly tags?: Readonly<Record<string, string>>;
}

export interface Change {
  readonly id: string;
  readonly expect: Expectation;
  /**
   * Keys make a repeated commit harmless; they are unique within the stream for its whole life. None: the head alone is
   * patched, and a repetition is refused by its version. A commit that creates has one at least.
   */
  readonly entries: readonly NewEntry[];
  readonly head?: HeadPatch;
  /** Needed when `expect` is `absent`, refused otherwise. */
  readonly create?: { readonly kind: string; readonly name: string };
  /** Forget the entries with a smaller index; their keys stay refused. */
  readonly trimTo?: number;
}

export interface Commit {
  readonly head: Head;
  /** False: all keys were there already with equal data, nothing was applied, and `head` may be somebody else's. */
  readonly applied: boolean;
}

export interface Claim {
  /** Used for one life of one process only. */
  readonly owner: string;
  readonly kinds: readonly string[];
  /** Default: all names. */
  readonly names?: readonly string[];
  readonly leaseMs: number;
  /** At most this many streams, those due longest first. */
  readonly limit: number;
}

export interface Renewal {
  readonly id: string;
  readonly owner: string | null;
  /** 0 when there is no such stream. */
  readonly version: number;
}

export interface Query {
  readonly kind?: string;
  readonly name?: string;
  /** Any of these. */
  readonly status?: readonly string[];
  /** One tag that must have this value. */
  readonly tag?: { readonly key: string; readonly value: string };
  /** `id` (default): by id in code unit order; `wake`: by `wakeAt`, then id, streams that are never due left out. */
  readonly order?: 'id' | 'wake';
  /** The `next` of the page before. */
  readonly after?: string;
  /** At most this many heads; default 100, at most 1000. */
  readonly limit?: number;
}

export interface Page {
  readonly heads: readonly Head[];
  /** Given when there may be more. */
  readonly next?: string;
}

export interface Loaded {
  readonly head: Head;
  readonly entries: readonly Entry[];
}

/** What a listener wants to hear of. */
export type Topic =
  /** That this stream was left without an owner: it has ended, was parked or given back. */
  | { readonly id: string }
  /** That a stream of this kind was left without an owner, due now or within `SOON_MS`. */
  | { readonly kind: string };

/** A store tells of what it leaves due within so many milliseconds; what is due later, those who ask so often find by asking. */
export const SOON_MS = 5_000;

export interface News {
  /** The stream's name. */
  readonly name: string;
  /** In how many milliseconds it is due; 0: now. */
  readonly inMs: number;
}

export interface Watch {
  /** Whether news come in now. While they do not, who listens must ask as if there were none. */
  readonly live: boolean;
  stop(): void;
}

/**
 * Where everything durable lives: streams of keyed entries, each with a head. Adapters never read `data` or `meta`,
 * throw subclasses of `StoreError` at run time and `ConfigurationError` when opened, and pass `describeStore` of
 * `@redress/testkit`.
 */
export interface Store extends AsyncDisposable {
  readonly durability: Durability;

  /**
   * Head and entries of one moment, entries from index `from` (default 0, or the first kept) and at most `limit`
   * (default: all; 0: the head alone). Undefined when there is no such stream.
   */
  load(id: string, page?: { readonly from?: number; readonly limit?: number }): Promise<Loaded | undefined>;

  /**
   * Applies a change whole or not at all. First the keys are judged: all there with equal type and data gives
   * `applied: false`; any other presence is a conflict. Then the guard: `expect` must match.
   * @throws ConflictError when refused, StoreUnavailableError when it is not known whether it was applied.
   */
  commit(change: Change): Promise<Commit>;

  /** Takes streams that are due under a new version, stamp and lease, in one atomic act; `claims` grows by 1. */
  claim(claim: Claim): Promise<readonly Head[]>;

  /** Moves `wakeAt` of those streams that `owner` still holds to now + `leaseMs`; answers for each id in order. */
  renew(owner: string, ids: readonly string[], leaseMs: number): Promise<readonly Renewal[]>;

  /** Heads in pages. A stream that does not change while one pages through is met exactly once. */
  scan(query: Query): Promise<Page>;

  /** Forgets a stream with its keys. False when there is none. @throws ConflictError when `expect` does not match. */
  drop(id: string, expect: Exclude<Expectation, 'absent'>): Promise<boolean>;

  /** The store's clock in milliseconds; never below an `at` that it has handed out. */
  now(): Promise<number>;

  /**
   * Optional. Calls `heard` soon after a commit that the topic is about, by whatever process: with its news where the topic
   * is a kind; without any when all may have changed: when listening has begun, when it was interrupted, and when it goes
   * on. News may be lost, come twice and come late, and nothing is correct by them: who listens asks as well, but may ask
   * less often while the watch is live. Never calls `heard` before it has returned, nor after `stop` or `close`, and keeps
   * no process alive.
   */
  watch?(topic: Topic, heard: (news?: News) => void): Watch;

  /**
   * Optional. In how many milliseconds the first of the streams that a claim would take is due, owned ones at the end of their
   * lease; at most 0: there is one now. Null: none ever is. Who asks this, and listens, need not claim in vain.
   */
  dueIn?(wanted: Pick<Claim, 'kinds' | 'names'>): Promise<number | null>;

  /** Waits for what was asked and gives all handles back. Later calls are refused with a `StoreError`. */
  close(): Promise<void>;
}
