import type { Environment } from '../../base/environment.js';
import { ConfigurationError, ConflictError, messageOf, StoreRegressionError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import { read } from './checkpoint.js';
import type { Place, Snapshot } from './checkpoint.js';
import { Context } from './context.js';
import type { ContextHost } from './context.js';
import { Deduplicator } from './dedupe.js';
import { LogCorruptError, LogFencedError, NonDeterminismError, ReplayStalledError } from './errors.js';
import { OPEN, REPAIRING } from './keeper.js';
import { ProcessLog } from './message-log.js';
import { readMeta, writeMeta } from './meta.js';
import type { LogMeta } from './meta.js';
import { settingsOf } from './options.js';
import type { Settings } from './options.js';
import { Outbox } from './outbox.js';
import { DEAD_LETTERS, deadLetter, logged } from './pending.js';
import { Replayer } from './replayer.js';
import type { Found } from './replayer.js';
import { streamSink } from './sinks.js';
import type { MessageLog, MessageLogOptions } from './types.js';

const KIND = 'log';

/** The stream of a process's log. */
export function logStreamOf(process: string): string {
  return `log:${process}`;
}

/**
 * Opens the log of a process: takes it over from whoever had it, restores the newest checkpoint, and has the handler run again on
 * what was logged after it. Then messages are taken: each is logged before it is acknowledged, and nothing leaves the process
 * before what it rests on is durable (pessimistic logging, Strom and Yemini 1985; group commit).
 * @throws ConfigurationError for options that do not fit, and when a sink is missing that outputs wait for; LogFencedError when another
 * one opens it at the same time; NonDeterminismError, LogCorruptError, ReplayStalledError when it cannot be replayed;
 * StoreRegressionError when it was being written anew and that did not come to an end; StoreError.
 */
export async function openMessageLog(options: MessageLogOptions): Promise<MessageLog> {
  const settings = settingsOf(options);
  const { store, state, environment } = settings;
  const owner = environment.random.word();
  const { head, meta } = await takeOver(store, state.id, owner);
  const dead = streamSink(store, `${logStreamOf(state.id)}/dead`, { codec: environment.codec, kind: 'dead-letters' });
  const outbox = new Outbox(environment, state.id, { ...settings.sinks, [DEAD_LETTERS]: dead }, settings.redeliverMs);
  const opening = new Opening(settings, head.id, outbox);
  const snapshot = await opening.restore(meta.places, meta.confirmed);
  const { replayer, found } = await opening.replay(snapshot, head.length);
  const { seen } = opening;
  const rebuild = (places: readonly Place[], length: number, upTo: number): Promise<void> =>
    new Opening(settings, head.id).rebuild(places, length, upTo);
  const log = new ProcessLog(settings, {
    ...{ head, owner, meta, seen, found, outbox, rebuild },
    position: opening.position,
    logged: replayer.logged,
  });
  return log.begin();
}

/** A new incarnation, durable before anything else: from here on, nobody else can write. */
async function takeOver(store: Store, process: string, owner: string): Promise<{ readonly head: Head; readonly meta: LogMeta }> {
  const id = logStreamOf(process);
  const there = (await store.load(id, { limit: 0 }))?.head;
  if (there?.status === REPAIRING) throw new StoreRegressionError(id, there.version, there.version);
  const before: LogMeta = there ? readMeta(process, String(there.meta)) : { incarnation: 0, places: [], confirmed: {} };
  const meta = { ...before, incarnation: before.incarnation + 1 };
  const entries = [{ key: `${meta.incarnation}.0`, type: 'opened', data: owner }];
  const head = { owner, status: OPEN, meta: writeMeta(meta), wake: null };
  try {
    const change = there
      ? { id, expect: { version: there.version, stamp: there.stamp }, entries, head }
      : { id, expect: 'absent' as const, create: { kind: KIND, name: process }, entries, head };
    const done = await store.commit(change);
    if (done.head.owner !== owner) throw new LogFencedError(process, 'another one opened it at the same time');
    return { head: done.head, meta };
  } catch (error) {
    throw error instanceof ConflictError ? new LogFencedError(process, 'another one opened it at the same time') : error;
  }
}

/** Puts the state of a process back, and has messages handled again. Without an outbox what they send is not kept: it was. */
class Opening {
  /** What has come until then. */
  seen = new Deduplicator();
  position = 0;
  private readonly environment: Environment;
  private readonly process: string;

  constructor(
    private readonly settings: Settings,
    private readonly stream: string,
    private readonly outbox?: Outbox,
  ) {
    this.environment = settings.environment;
    this.process = settings.state.id;
  }

  private place: Place | undefined;

  /** Restores the newest checkpoint that can be read, or the initial state where the log begins with it. */
  async restore(places: readonly Place[], confirmed: LogMeta['confirmed']): Promise<Snapshot | undefined> {
    for (const place of places.toReversed()) {
      const snapshot = await this.read(place);
      if (!snapshot) continue;
      this.place = place;
      this.position = snapshot.position;
      this.seen = new Deduplicator(snapshot.seen);
      this.checkSinks(snapshot);
      this.outbox?.restore(snapshot.outbox);
      this.outbox?.confirm(confirmed);
      this.settings.state.restore(snapshot.state, []);
      return snapshot;
    }
    const first = await this.settings.store.load(this.stream, { from: 0, limit: 1 });
    if (first?.entries[0]?.index !== 0) throw new LogCorruptError(this.process, 'no checkpoint can be read, and its beginning was trimmed');
    this.outbox?.confirm(confirmed);
    this.settings.state.restore(undefined, []);
    return undefined;
  }

  private async read(place: Place): Promise<Snapshot | undefined> {
    const from = Math.min(place.first, place.from);
    const limit = place.manifest - place.first + 1;
    const loaded = await this.settings.store.load(this.stream, { from: place.first, limit });
    try {
      const [log] =
        place.from === place.first
          ? [loaded?.entries[0]]
          : ((await this.settings.store.load(this.stream, { from, limit: 1 }))?.entries ?? []);
      if (log?.index !== from) throw new Error(`the log does not reach back to entry ${from}`);
      return read(this.environment.codec, place, loaded?.entries ?? []);
    } catch (error) {
      const { events, clock } = this.environment;
      events.publish({
        name: 'log.checkpoint.unreadable',
        at: clock.now(),
        id: this.process,
        error,
        details: { position: place.position },
      });
      return undefined;
    }
  }

  async replay(
    snapshot: Snapshot | undefined,
    length: number,
    upTo?: number,
  ): Promise<{ readonly replayer: Replayer; readonly found: readonly Found[] }> {
    const { store, replayMode: mode, inactivityMs } = this.settings;
    const { environment, process, stream } = this;
    const patience = new Patience(environment, inactivityMs, () => new ReplayStalledError(process, this.position, inactivityMs));
    const replayer = new Replayer(
      {
        ...{ store, stream, process, environment, mode },
        handled: (message) => this.handled(message, patience),
        parked: (message, why) => {
          this.behind(message);
          this.outbox?.hold([deadLetter(environment, process, message.position, message.data, why)]);
        },
        progress: (position) => {
          patience.renew();
          if (environment.events.listening)
            environment.events.publish({ name: 'log.replaying', at: environment.clock.now(), id: process, details: { position } });
        },
      },
      snapshot?.position ?? 0,
    );
    const from = this.place ? Math.min(this.place.from, this.place.first) : 0;
    const found = await patience.with(replayer.run(from, length, upTo));
    for (const { from: sender, sequence } of found) if (sequence > 0) this.seen.add(sender, sequence);
    return { replayer, found };
  }

  async rebuild(places: readonly Place[], length: number, upTo: number): Promise<void> {
    const snapshot = await this.restore(
      places.filter(({ position }) => position <= upTo),
      {},
    );
    await this.replay(snapshot, length, upTo);
  }

  private handled(message: Found, patience: Patience): Promise<void> | undefined {
    const context = new Context(this.contextHost(), message.position, message.taken, true);
    const finish = (): void => {
      context.end();
      this.behind(message);
      this.outbox?.hold(context.made);
      patience.renew();
    };
    return this.run(message, context, finish);
  }

  private behind({ position, from, sequence }: Found): void {
    this.position = position;
    if (sequence > 0) this.seen.add(from, sequence);
  }

  private async run(message: Found, context: Context, finish: () => void): Promise<void> {
    try {
      await this.settings.handle(logged(this.environment, message.data), context);
    } catch (error) {
      const { diverged } = context.abandon();
      throw diverged ?? new NonDeterminismError(this.process, message.position, 'that it returned', `throw ${messageOf(error)}`);
    }
    finish();
  }

  private contextHost(): ContextHost {
    const never = (): never => {
      throw new LogCorruptError(this.process, 'a replay asked for something new');
    };
    const names = Object.keys(this.settings.sinks);
    return {
      process: this.process,
      environment: this.environment,
      cap: Infinity,
      has: (sink) => names.includes(sink),
      room: () => Infinity,
      secure: never,
    };
  }

  private checkSinks(snapshot: Snapshot): void {
    const missing = this.outbox ? Outbox.missing(snapshot.outbox, this.outbox.names) : [];
    if (missing.length === 0) return;
    const subject = `The log of "${this.process}"`;
    throw new ConfigurationError(
      missing.map((sink) => ({
        subject,
        cause: `outputs wait for the sink "${sink}", which is not there.`,
        remedy: 'Name it in `sinks`.',
      })),
    );
  }
}

/** Rejects when nothing happens for too long. */
class Patience {
  private timer: { cancel(): void } | undefined;
  private last: number;
  private lose!: (error: unknown) => void;
  private readonly lost = new Promise<never>((_, reject) => (this.lose = reject));

  constructor(
    private readonly environment: Environment,
    private readonly ms: number,
    private readonly error: () => Error,
  ) {
    this.last = environment.clock.monotonic();
    this.lost.catch(() => {});
    this.wait(ms);
  }

  renew(): void {
    this.last = this.environment.clock.monotonic();
  }

  async with<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.lost]);
    } finally {
      this.timer?.cancel();
    }
  }

  private wait(ms: number): void {
    this.timer = this.environment.clock.setTimer(ms, () => {
      const left = this.last + this.ms - this.environment.clock.monotonic();
      if (left > 0) this.wait(left);
      else this.lose(this.error());
    });
  }
}
