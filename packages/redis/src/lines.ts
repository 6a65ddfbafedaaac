import { Redis } from 'ioredis';
import type { Cluster } from 'ioredis';
import { Line } from './line.js';
import { refusalOf } from './refusal.js';
import { slotOf } from './slot.js';

/** Who is told of what is heard. */
export interface Audience {
  message(channel: string, text: string): void;
  /** These are listened to now, or not any more. */
  changed(channels: readonly string[]): void;
}

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 2_000;
/** Who may not listen now may be allowed to later. */
const REFUSED_PAUSE_MS = 30_000;
const ONE = 'one';

/**
 * The connections that listen: one, or in a cluster with sharded channels one to each master that has some of them. They are
 * opened when somebody listens first, and again when they are lost, wherever the channels lie by then.
 */
export class Lines {
  readonly #client: Redis | Cluster;
  readonly #isSharded: boolean;
  readonly #timeoutMs: number;
  readonly #audience: Audience;
  readonly #wanted = new Set<string>();
  /** Wanted or not wanted any more since the last look. */
  readonly #touched = new Set<string>();
  #isWhole = true;
  readonly #lines = new Map<string, Line>();
  /** How often in a row a connection was lost, and until when it is not tried again, by node. */
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #losses = 0;
  #planned = false;
  #begun = false;
  #closed = false;

  constructor(client: Redis | Cluster, isSharded: boolean, timeoutMs: number, audience: Audience) {
    this.#client = client;
    this.#isSharded = isSharded;
    this.#timeoutMs = timeoutMs;
    this.#audience = audience;
  }

  hears(channel: string): boolean {
    for (const line of this.#lines.values()) if (line.heard.has(channel)) return true;
    return false;
  }

  want(channel: string): void {
    this.#wanted.add(channel);
    this.#touch(channel);
  }

  unwant(channel: string): void {
    this.#wanted.delete(channel);
    this.#touch(channel);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#client.off('end', this.#onEnd);
    this.#client.off('ready', this.#plan);
    this.#client.off('refresh', this.#plan);
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
  }

  /** All that is wanted in one turn is asked for in one command. */
  #touch(channel: string): void {
    this.#touched.add(channel);
    this.#soon();
  }

  /** The servers or the connections are others than before: all is looked at. */
  readonly #plan = (): void => {
    this.#isWhole = true;
    this.#soon();
  };

  #soon(): void {
    if (this.#planned || this.#closed) return;
    this.#planned = true;
    process.nextTick(() => {
      this.#planned = false;
      const touched = [...this.#touched];
      this.#touched.clear();
      if (this.#closed) return;
      // Many wait at a time, and each comes and goes by itself.
      if (this.#isWhole || !this.#adjust(touched)) this.#settle();
    });
  }

  /** False, and nothing is changed: some of the channels have no connection yet. */
  #adjust(touched: readonly string[]): boolean {
    if (this.#client.status === 'end') return false;
    const changes = new Map<Line, { readonly more: string[]; readonly gone: string[] }>();
    for (const channel of touched) {
      const isWanted = this.#wanted.has(channel);
      const line = this.#lines.get(this.#nodeOf(channel) ?? '');
      if (!line && isWanted) return false;
      if (!line) continue;
      const change = changes.get(line) ?? { more: [], gone: [] };
      changes.set(line, change);
      (isWanted ? change.more : change.gone).push(channel);
    }
    for (const [line, { more, gone }] of changes) line.change(more, gone, this.#isSharded ? slotOf : () => 0);
    return true;
  }

  /** A client that its owner has closed opens nothing more. */
  readonly #onEnd = (): void => {
    const channels = [...this.#lines.values()].flatMap(({ heard }) => [...heard]);
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
    this.#audience.changed(channels);
  };

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#client.on('end', this.#onEnd);
    this.#client.on('ready', this.#plan);
    // A cluster has looked where its slots are.
    this.#client.on('refresh', this.#plan);
  }

  /** Brings the connections and what they listen to in line with what is wanted. */
  #settle(): void {
    this.#begin();
    if (this.#client.status === 'end') return;
    this.#isWhole = false;
    const channels = new Map<string, Set<string>>();
    for (const channel of this.#wanted) {
      const node = this.#nodeOf(channel);
      if (node === undefined) this.#again(LAST_PAUSE_MS);
      else channels.set(node, (channels.get(node) ?? new Set()).add(channel));
    }
    for (const [node, line] of this.#lines) {
      if (channels.has(node)) continue;
      // Kept while nobody listens: the next one will come soon. One to a node that has gone is not.
      if (node === ONE) line.listen(new Set(), slotOf);
      else this.#hangUp(node, line);
    }
    for (const [node, some] of channels) (this.#lines.get(node) ?? this.#open(node))?.listen(some, this.#isSharded ? slotOf : () => 0);
  }

  #hangUp(node: string, line: Line): void {
    const channels = [...line.heard];
    line.close();
    this.#lines.delete(node);
    if (channels.length > 0) this.#audience.changed(channels);
  }

  /** Where a channel is to be listened to. Undefined: not known now. */
  #nodeOf(channel: string): string | undefined {
    if (!this.#client.isCluster) return ONE;
    if (this.#isSharded) return (this.#client as Cluster).slots[slotOf(channel)]?.[0];
    // Any master hears all; another one when it was lost.
    const nodes = this.#masters().map(nameOf);
    return [...this.#lines.keys()].find((node) => nodes.includes(node)) ?? nodes[this.#losses % nodes.length];
  }

  #masters(): readonly Redis[] {
    return this.#client.isCluster ? (this.#client as Cluster).nodes('master') : [this.#client as Redis];
  }

  #open(node: string): Line | undefined {
    const waitMs = (this.#failures.get(node)?.until ?? 0) - performance.now();
    const server = waitMs > 0 ? undefined : this.#masters().find((master) => node === ONE || nameOf(master) === node);
    if (!server) return this.#again(Math.max(waitMs, FIRST_PAUSE_MS));
    const line: Line = new Line(listener(server, this.#timeoutMs), this.#isSharded, this.#timeoutMs, {
      message: (channel, text) => this.#audience.message(channel, text),
      begun: (channels) => {
        this.#failures.delete(node);
        this.#audience.changed(channels);
      },
      lost: (error) => this.#lost(node, line, error),
    });
    this.#lines.set(node, line);
    return line;
  }

  #lost(node: string, line: Line, error: unknown): void {
    if (this.#lines.get(node) !== line) return;
    this.#lines.delete(node);
    this.#losses += 1;
    const count = (this.#failures.get(node)?.count ?? 0) + 1;
    const mayNot = refusalOf(error) === 'NOPERM' || (error instanceof Error && /unknown command/i.test(error.message));
    const pauseMs = mayNot ? REFUSED_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(count - 1, 10), LAST_PAUSE_MS);
    this.#failures.set(node, { count, until: performance.now() + pauseMs });
    if (this.#isSharded && !mayNot) (this.#client as Cluster).refreshSlotsCache();
    this.#again(pauseMs);
    if (line.heard.size > 0) this.#audience.changed([...line.heard]);
  }

  #again(ms: number): undefined {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    // A timer's clock may be a little ahead of the other one.
    this.#timer = setTimeout(this.#plan, Math.ceil(ms) + 1).unref();
  }
}

/** As a cluster calls its nodes. */
function nameOf({ options: { host, port } }: Redis): string {
  return `${host}:${port}`;
}

/** A connection to the same server that gives up when it is lost, for the next one may have to go elsewhere. */
function listener(server: Redis, timeoutMs: number): Redis {
  return server.duplicate({
    lazyConnect: true,
    connectTimeout: timeoutMs,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
    autoResubscribe: false,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    keyPrefix: '',
  });
}
