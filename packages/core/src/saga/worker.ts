import type { Timer } from '../base/clock.js';
import { SOON_MS } from '../base/store.js';
import type { Claim, Head, News, Watch } from '../base/store.js';
import type { Desk } from './desk.js';
import { Fair } from './fair.js';
import { isAtRest } from './run-end.js';

/** What the worker needs of the runtime. */
export interface WorkerHost {
  readonly desk: Desk;
  readonly pollMs: number;
  /** How many more recovered runs this process takes now. */
  readonly room: number;
  /** Names of the sagas that are registered here. */
  names(): readonly string[];
  /** Names of the sagas that can be driven here. */
  resolvable(): readonly string[];
  /** Drives a claimed run; `claimedAt`: when the claim was sent, monotonic. Fulfilled when it is under way. */
  drive(head: Head, claimedAt: number): Promise<void>;
}

const BATCH = 32;
const KINDS = ['saga'];
/** Many processes hear the same news: each looks a little later than the others, so that one finds it and the rest nothing. */
const LEAST_SPREAD_MS = 5;
/** Who only ever finds what others have taken looks less often, until the news stop. */
const MOST_SPREAD_MS = 160;
const QUIET_MS = 1_000;
/** The same for moments that all of them know beforehand. */
const DUE_SPREAD_MS = 50;
/** After a batch of runs that have ended, which take no room and only have to be forgotten. */
const BURIALS = 512;

/**
 * Asks the store what is due, and drives it. One question at a time; the next follows at once while there is more. While
 * the store tells news, it asks when they say so and when something is to become due, else at each turn of the watch.
 */
export class Worker {
  private timer: Timer | undefined;
  private asking: Promise<void> | undefined;
  private burying = false;
  private stopped = false;
  private started = false;
  private watch: Watch | undefined;
  /** Monotonic moments: of the timer, of the next turn of the watch, and of a look that news have asked for. */
  private nextAt = Infinity;
  private turnAt = Infinity;
  private newsAt = Infinity;
  private spreadMs = LEAST_SPREAD_MS;
  private lookedAt = -Infinity;
  private known: ReadonlySet<string> = new Set();
  private readonly fair = new Fair();

  constructor(private readonly host: WorkerHost) {}

  /** Looks now, and from then on. */
  start(): void {
    this.started = true;
    if (this.stopped) return;
    this.watch ??= this.listen();
    this.turnAt = -Infinity;
    this.look();
  }

  /** Something is due in this long: look then, and not only at the next turn of the watch. */
  expect(inMs: number): void {
    if (this.stopped || !this.started) return;
    // Whole milliseconds: what is due in less than the clock can tell must not be met before it is.
    this.turnAt = Math.min(this.turnAt, this.now() + Math.ceil(inMs));
    this.arm();
  }

  /** No claims after this; resolves when the last one has been taken in. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    this.watch?.stop();
    await this.asking;
  }

  private now(): number {
    return this.host.desk.environment.clock.monotonic();
  }

  private listen(): Watch | undefined {
    try {
      return this.host.desk.store.watch?.({ kind: 'saga' }, (news) => this.hear(news));
    } catch (error) {
      this.tell(error);
      return undefined;
    }
  }

  private hear(news: News | undefined): void {
    if (!news) return this.expect(0);
    if (this.stopped || !this.known.has(news.name)) return;
    const spread = news.inMs > 0 ? DUE_SPREAD_MS : this.spreadMs;
    const at = this.now() + Math.ceil(news.inMs) + this.host.desk.environment.random.next() * spread;
    if (news.inMs > 0) this.turnAt = Math.min(this.turnAt, at);
    else this.newsAt = Math.min(this.newsAt, at);
    this.arm();
  }

  private arm(): void {
    const at = Math.min(this.turnAt, this.newsAt);
    if (this.asking || at >= this.nextAt) return;
    this.timer?.cancel();
    this.nextAt = at;
    this.timer = this.host.desk.environment.clock.setTimer(Math.max(Math.ceil(at - this.now()), 0), () => this.look(), {
      background: true,
    });
  }

  /** A look that only news have asked for leaves the watch as it is. */
  private look(): void {
    if (this.stopped || this.asking) return;
    this.timer?.cancel();
    this.nextAt = Infinity;
    const now = this.now();
    // A timer may fire a little before its moment.
    const isTurn = this.turnAt <= now + 1;
    if (isTurn) this.turnAt = Infinity;
    this.newsAt = Infinity;
    this.asking = this.ask(isTurn, now).then((turnInMs) => {
      this.asking = undefined;
      if (this.stopped) return;
      if (turnInMs !== undefined) this.turnAt = Math.min(this.turnAt, this.now() + turnInMs);
      this.arm();
    });
  }

  /** Claims once, if it need be. Answers in how long the watch turns, or undefined when that stays as it is. */
  private async ask(isTurn: boolean, now: number): Promise<number | undefined> {
    const { desk, room } = this.host;
    const names = this.host.resolvable();
    this.known = new Set(names);
    const limit = Math.min(room, this.burying ? BURIALS : BATCH);
    if (limit <= 0 || names.length === 0) return this.pollMs();
    try {
      const dueInMs = isTurn ? await this.dueInMs(names) : undefined;
      if (dueInMs !== undefined && dueInMs > 0) return this.turnInMs(dueInMs);
      const found = await this.claim({ owner: desk.owner, kinds: KINDS, names, leaseMs: desk.leaseMs, limit }, now);
      if (found === limit) return 0;
      if (!isTurn) return this.settleSpread(found, now);
      // Called due and not to be had: not asked for again and again.
      return dueInMs !== undefined && found > 0 ? 1 : this.pollMs();
    } catch (error) {
      this.tell(error);
      return this.pollMs();
    }
  }

  /** In how long the first is due; Infinity: never. Undefined: the store does not say, or news do not come in. */
  private async dueInMs(names: readonly string[]): Promise<number | undefined> {
    const { store } = this.host.desk;
    // A saga whose objects cannot be had yet may be there at any time.
    if (!this.watch?.live || !store.dueIn || names.length < this.host.names().length) return undefined;
    return (await store.dueIn({ kinds: KINDS, names })) ?? Infinity;
  }

  private async claim(wanted: Claim & { readonly names: readonly string[] }, claimedAt: number): Promise<number> {
    const heads = await this.fair.claim(this.host.desk.store, wanted);
    // Those due longest come first, and live runs must not wait long behind many that have ended.
    this.burying = heads.length > 0 && heads.every(({ status }) => isAtRest(status));
    const driven = await Promise.allSettled(heads.map((head) => this.host.drive(head, claimedAt)));
    for (const one of driven) if (one.status === 'rejected') this.tell(one.reason);
    return heads.length;
  }

  /** How long after news this process looks from now on. */
  private settleSpread(found: number, now: number): undefined {
    const isQuiet = now - this.lookedAt > QUIET_MS;
    this.spreadMs = found > 0 || isQuiet ? LEAST_SPREAD_MS : Math.min(this.spreadMs * 2, MOST_SPREAD_MS);
    this.lookedAt = now;
  }

  private pollMs(): number {
    return this.host.pollMs * (0.75 + this.host.desk.environment.random.next() / 2);
  }

  /**
   * While news come in nothing becomes due within `SOON_MS` without being told, but for leases of processes that die: all that
   * was there when the store was asked is in its answer, and no lease that began later ends before half of one has passed.
   */
  private turnInMs(dueInMs: number): number {
    const { desk, pollMs } = this.host;
    const { random } = desk.environment;
    const longest = Math.max(pollMs, Math.min(SOON_MS, desk.leaseMs / 2)) * (1 - random.next() / 4);
    return Math.min(dueInMs + random.next() * DUE_SPREAD_MS, longest);
  }

  private tell(error: unknown): void {
    const { clock, events } = this.host.desk.environment;
    events.publish({ name: 'worker.failed', at: clock.now(), error });
  }
}
