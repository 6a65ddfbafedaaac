import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { ConflictError, StoreRegressionError, StoreUnavailableError } from '../../base/errors.js';
import type { Change, Head, Store } from '../../base/store.js';
import type { ProcessId } from '../words.js';
import { CoordinationError, NoMemberError } from './errors.js';
import { isWhole, newRegister, transition } from './register.js';
import type { Register, RegisterEvent, Transition } from './register.js';

const KIND = 'round';
/** So many events are kept to be looked at. */
const KEPT = 200;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 500;
/** News that come in so short a time are looked into together. */
const NEWS_MS = 2;
/** News of an own commit come within so short a time, or are looked into like others. */
const OWN_NEWS_MS = 50;

/** The stream of what a group has agreed upon. */
export function roundStreamOf(group: string): string {
  return `round:${group}`;
}

interface Waiting {
  readonly events: readonly RegisterEvent[];
  readonly done: (outcomes: readonly Transition[]) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The register of a group in its stream. Events are applied by compare-and-set; those that are asked for while a commit is under way
 * share the next one, so that many members of one process need few round trips.
 */
export class RegisterStream {
  private queue: Waiting[] = [];
  private working = false;
  private regression: StoreRegressionError | undefined;
  /** What the store said last. */
  private found: Head | undefined;
  private refreshing: Promise<Register> | undefined;
  private refreshNext: Promise<Register> | undefined;
  private readonly listeners = new Set<() => void>();
  private stopWatching: (() => void) | undefined;
  private isTold: () => boolean = () => false;
  /** Until when news of commits of its own are expected, on the monotonic clock. */
  private readonly own: number[] = [];

  private constructor(
    private readonly store: Store,
    private readonly environment: Environment,
    readonly group: string,
    private head: Head,
    private seen: Register,
  ) {}

  /** As it was last seen. @throws StoreRegressionError when the store has lost a part of what was agreed upon: nothing holds any more. */
  get register(): Register {
    if (this.regression) throw this.regression;
    return this.seen;
  }

  get isLost(): boolean {
    return this.regression !== undefined;
  }

  /** Opens it, and makes it when it is missing. @throws NoMemberError when it was made for other members. */
  static async open(store: Store, environment: Environment, group: string, members: readonly ProcessId[]): Promise<RegisterStream> {
    const id = roundStreamOf(group);
    for (;;) {
      const there = (await store.load(id, { limit: 0 }))?.head;
      if (there) {
        const register = read(there);
        const [strange] = [
          ...members.filter((one) => !register.members.includes(one)),
          ...register.members.filter((one) => !members.includes(one)),
        ];
        if (strange !== undefined) throw new NoMemberError(group, strange, `the group was made of ${register.members.join(', ')}`);
        return new RegisterStream(store, environment, group, there, register);
      }
      const entries = [{ key: 'formed', type: 'formed', data: JSON.stringify([...members].sort()) }];
      const head = { status: 'recovering', meta: JSON.stringify(newRegister(members)) };
      try {
        await store.commit({ id, expect: 'absent', create: { kind: KIND, name: group }, entries, head });
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }

  /** Members are in other processes too, and hear of what is decided. */
  get isScattered(): boolean {
    return this.isTold() && this.listeners.size < this.register.members.length;
  }

  /** Calls `changed` when the register has changed: at once where the store tells, else within `pollMs`. Answers a function that ends it. */
  listen(pollMs: number, changed: () => void): () => void {
    const one = (): void => changed();
    this.listeners.add(one);
    this.stopWatching ??= this.watch(pollMs);
    return () => {
      this.listeners.delete(one);
      if (this.listeners.size > 0) return;
      this.stopWatching?.();
      this.stopWatching = undefined;
    };
  }

  private watch(pollMs: number): () => void {
    const { clock } = this.environment;
    // A store that does not answer now is asked again.
    const look = (): void => void this.refresh().catch(() => {});
    // The first news of several are looked into at once, and the others together: every acknowledgement makes some.
    let isBusy = false;
    let isMissed = false;
    let isOver = false;
    const lookTogether = async (): Promise<void> => {
      isBusy = true;
      while (isMissed && !isOver) {
        isMissed = false;
        const startedAt = clock.monotonic();
        await this.refresh().catch(() => {});
        await sleep(clock, NEWS_MS + clock.monotonic() - startedAt, undefined, true);
      }
      isBusy = false;
    };
    const heard = (): void => {
      if (this.isOwn()) return;
      isMissed = true;
      if (!isBusy) void lookTogether();
    };
    const told = this.store.watch?.({ id: this.head.id }, heard);
    this.isTold = () => told?.live ?? false;
    let timer = clock.setTimer(pollMs, poll, { background: true });
    function poll(): void {
      look();
      timer = clock.setTimer(told?.live ? pollMs * 10 : pollMs, poll, { background: true });
    }
    return () => {
      this.isTold = () => false;
      timer.cancel();
      isOver = true;
      told?.stop();
    };
  }

  /** Whether news are of what this one has written. What is missed by that, the next look finds. */
  private isOwn(): boolean {
    const now = this.environment.clock.monotonic();
    while ((this.own[0] ?? Infinity) < now) this.own.shift();
    return this.own.shift() !== undefined;
  }

  /** Reads it anew, and not before it is asked to: what was read a moment ago may be old by then. */
  refresh(): Promise<Register> {
    const { refreshing } = this;
    if (!refreshing) return (this.refreshing = this.read().finally(() => (this.refreshing = undefined)));
    const again = async (): Promise<Register> => {
      await refreshing.catch(() => {});
      this.refreshNext = undefined;
      return this.refresh();
    };
    return (this.refreshNext ??= again());
  }

  private async read(): Promise<Register> {
    const found = (await this.store.load(this.head.id, { limit: 0 }))?.head;
    if (!found)
      throw new CoordinationError(
        'ROUND_STATE_LOST',
        this.group,
        `The stream of "${this.group}" is gone. Restore the store from a backup.`,
      );
    this.found = found;
    return this.take(found);
  }

  /** After a refusal: whether what the store has now is older than what it had answered. */
  private checkAfter({ id, version, stamp }: Head): void {
    const { found } = this;
    if (!found || found.version > version || (found.version === version && found.stamp === stamp)) return;
    this.regression ??= new StoreRegressionError(id, version, found.version);
    for (const listener of this.listeners) listener();
    throw this.regression;
  }

  /** Applies events together, each as far as it may be. Resolves when that is durable. */
  apply(...events: readonly RegisterEvent[]): Promise<readonly Transition[]> {
    return new Promise((done, failed) => {
      this.queue.push({ events, done, failed });
      if (this.working) return;
      this.working = true;
      this.environment.clock.nextTurn(() => void this.work());
    });
  }

  private async work(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0);
      try {
        const outcomes = await this.write(batch.flatMap(({ events }) => events));
        for (const { events, done } of batch) done(outcomes.splice(0, events.length));
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.working = false;
  }

  /** What is refused is judged by what the store says now, and not by what was seen once. */
  private async write(events: readonly RegisterEvent[]): Promise<Transition[]> {
    for (let tries = 0, isFresh = false; ; tries += 1, isFresh = true) {
      // Many that acknowledge at the same moment would refuse each other again and again.
      if (tries > 1) await sleep(this.environment.clock, this.environment.random.next() * Math.min(2 ** tries, 32));
      const { head } = this;
      let register = this.register;
      const outcomes = events.map((event) => {
        const outcome = transition(register, event);
        if (outcome.is === 'done') register = outcome.register;
        return outcome;
      });
      const whole = register.open.find((round) => isWhole(register, round));
      const commit = whole && ({ type: 'commit', epoch: register.epoch, round: whole.number } as const);
      const committed = commit && transition(register, commit);
      if (committed?.is === 'done') register = committed.register;
      if (!isFresh && outcomes.some(({ is }) => is !== 'done')) {
        await this.refresh();
        continue;
      }
      const done: RegisterEvent[] = events.filter((_, i) => outcomes[i]?.is === 'done');
      // Whoever brings the last acknowledgement commits the round with it.
      if (committed?.is === 'done') done.push(commit as RegisterEvent);
      if (done.length === 0 || (await this.commit(head, register, done))) return outcomes;
      await this.refresh();
      this.checkAfter(head);
    }
  }

  /** False: somebody else came first. An answer that is lost is asked for again. */
  private async commit(head: Head, register: Register, events: readonly RegisterEvent[]): Promise<boolean> {
    const { random, clock } = this.environment;
    const entries = events.map((event) => ({ key: random.word(), type: event.type, data: JSON.stringify(event) }));
    const patch = { status: register.phase, meta: JSON.stringify(register) };
    const expect = { version: head.version, stamp: head.stamp };
    const change: Change = { id: head.id, expect, entries, head: patch, trimTo: Math.max(head.length - KEPT, 0) };
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS)) {
      try {
        if (this.isTold()) this.own.push(clock.monotonic() + OWN_NEWS_MS);
        const { head: after, applied } = await this.store.commit(change);
        if (applied) this.take(after);
        else await this.refresh();
        return true;
      } catch (error) {
        this.own.length = 0;
        if (error instanceof ConflictError) return false;
        if (!(error instanceof StoreUnavailableError)) throw error;
        await sleep(clock, pauseMs);
      }
    }
  }

  private take(head: Head): Register {
    if (head.version < this.head.version) return this.seen;
    const isNew = head.version > this.head.version;
    this.head = head;
    if (!isNew) return this.seen;
    this.seen = read(head);
    for (const listener of this.listeners) listener();
    return this.seen;
  }
}

function read(head: Head): Register {
  return JSON.parse(String(head.meta)) as Register;
}
