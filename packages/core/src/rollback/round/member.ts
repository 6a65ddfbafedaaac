import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { messageOf, StoreUnavailableError } from '../../base/errors.js';
import { Alive } from '../alive.js';
import { Waiters, within } from '../waiters.js';
import { Collector } from './collect.js';
import { dutyOf } from './duty.js';
import type { Duty, Self } from './duty.js';
import { CoordinationAbortedError, CoordinationError, EpochOverError, NoMemberError } from './errors.js';
import { Failures } from './failures.js';
import { Gate } from './gate.js';
import { keep, putBack } from './keeping.js';
import type { Kept } from './keeping.js';
import type { Settings } from './options.js';
import { Pace } from './pace.js';
import type { Register, RegisterEvent } from './register.js';
import type { RegisterStream } from './register-stream.js';
import { Sweeper } from './sweeper.js';
import type { RoundOptions, GroupMember } from './types.js';

const PAUSE_MS = 50;

/** See `joinGroup`. */
export class Member implements GroupMember {
  readonly process: string;
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
  private readonly environment: Environment;
  private readonly gate = new Gate();
  private readonly alive: Alive;
  /** Of this process, among all that speak for the member one after the other. */
  private readonly life: string;
  private spoke = false;
  private restoredIn: number | undefined;
  private held: { readonly round: number; readonly kept?: Kept } | undefined;
  private leaving = false;
  private closed: { readonly error: unknown } | undefined;
  private readonly waiters = new Waiters();
  private stopListening = (): void => {};
  private isTold = false;
  private readonly pace: Pace;
  private readonly sweeper: Sweeper;
  private readonly failures: Failures;
  private readonly collector: Collector;
  private letReady!: () => void;
  private refuseReady!: (error: unknown) => void;
  private end!: (error: unknown) => void;
  private loop: Promise<void> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly stream: RegisterStream,
    /** The store's clock less the monotonic one. */
    private readonly aheadMs: number,
  ) {
    this.process = settings.state.id;
    this.environment = settings.environment;
    this.pace = new Pace(settings);
    this.life = this.environment.random.word();
    this.ready = new Promise((resolve, reject) => ([this.letReady, this.refuseReady] = [resolve, reject]));
    this.sweeper = new Sweeper(settings, () => stream.refresh());
    this.collector = new Collector(settings, stream);
    this.failures = new Failures(settings, (error) => this.publish('round.failing', { error }));
    this.alive = new Alive(this.environment.clock);
    this.alive.while(this.ready).catch(() => {});
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  get epoch(): number {
    return this.restoredIn ?? 0;
  }

  begin(): this {
    this.stopListening = this.stream.listen(this.settings.pollMs, () => this.wake());
    this.loop = this.run().catch((error: unknown) => this.stop(error));
    return this;
  }

  async call<T>(fn: () => T | Promise<T>): Promise<T> {
    await this.alive.while(this.gate.enter());
    const epoch = this.restoredIn;
    try {
      const value = await fn();
      if (epoch !== this.stream.register.epoch) throw new EpochOverError(this.settings.group, this.process, epoch ?? 0);
      return value;
    } finally {
      this.gate.leave();
    }
  }

  async checkpoint({ pinned = false }: RoundOptions = {}): Promise<number> {
    const { group, deadlineMs } = this.settings;
    this.check();
    const event = { type: 'begin', epoch: this.epoch, deadlineAt: this.now() + deadlineMs, pinned } as const;
    const [outcome] = await this.stream.apply(event);
    if (outcome?.is !== 'done')
      throw new CoordinationAbortedError(group, undefined, outcome?.is === 'refused' ? outcome.why : 'it is open');
    const round = (this.collector.begun = outcome.register.last);
    const decision = await this.alive.while(this.decided(round));
    if (decision.is !== 'committed') throw new CoordinationAbortedError(group, round, decision.why);
    return round;
  }

  async recover(why: string): Promise<void> {
    this.check();
    await this.stream.apply({ type: 'recover', epoch: this.epoch, why });
  }

  async release(round: number): Promise<void> {
    this.check();
    await this.stream.apply({ type: 'release', round });
  }

  async leave(): Promise<void> {
    this.leaving = true;
    this.wake();
    await this.loop;
    this.stop(undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leave();
  }

  private async run(): Promise<void> {
    while (!this.leaving && !this.closed) {
      try {
        const { register } = this.stream;
        this.failures.look(register);
        const duty = dutyOf(register, this.self(), this.now());
        if (await this.perform(duty, register)) continue;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        this.publish('round.unavailable', { error });
        await sleep(this.environment.clock, PAUSE_MS);
        continue;
      }
      await this.changed();
    }
  }

  /** False: there is nothing to do until something changes. */
  private async perform(duty: Duty, register: Register): Promise<boolean> {
    if (duty.do === 'run') {
      this.gate.open();
      this.letReady();
      return this.beginRound(register);
    }
    if (duty.do === 'wait') return false;
    if (duty.do === 'restore') return this.restore(duty);
    if (duty.do === 'prepare') return this.prepare(duty);
    if (duty.do === 'finish') return this.finish(duty, register);
    if (duty.do === 'end') throw new NoMemberError(this.settings.group, this.process, 'another life of it has begun');
    const { process, life } = this;
    const speak = async (event: RegisterEvent): Promise<void> => {
      const [outcome] = await this.stream.apply(event);
      if (outcome?.is !== 'refused') this.spoke = true;
    };
    if (duty.do === 'recover') await speak({ type: 'recover', epoch: duty.epoch, why: `${process} has begun anew`, by: { process, life } });
    else if (duty.do === 'join') await speak({ type: 'joined', epoch: duty.epoch, process, life });
    else if (duty.do === 'abort') await this.abort(duty.epoch, duty.round);
    else if (duty.do === 'ack') return this.acknowledge(duty.epoch, duty.round);
    else await this.stream.apply({ type: 'commit', epoch: duty.epoch, round: duty.round });
    return true;
  }

  private self(): Self {
    return { process: this.process, life: this.life, spoke: this.spoke, epoch: this.restoredIn, held: this.held?.round };
  }

  private async abort(epoch: number, round: number): Promise<void> {
    // Two clocks have to agree, and either of them may stand still or jump: the later one decides.
    const now = Math.max(this.now(), await this.settings.store.now());
    await this.stream.apply({ type: 'abort', epoch, round, now });
  }

  private async restore({ epoch, line }: Extract<Duty, { do: 'restore' }>): Promise<true> {
    const { group, deadlineMs } = this.settings;
    if (!(await within(this.environment.clock, this.gate.close(), deadlineMs))) {
      throw new CoordinationError(
        'ROUND_STATE_LOST',
        group,
        `A call of "${this.process}" does not end, so "${group}" cannot be restored. End this process.`,
      );
    }
    this.held = undefined;
    await putBack(this.settings, epoch, line);
    this.restoredIn = epoch;
    this.publish('round.restored', { details: { epoch, round: line.round } });
    return true;
  }

  private async prepare({ epoch, round, deadlineAt }: Extract<Duty, { do: 'prepare' }>): Promise<true> {
    const { process, life } = this;
    const { pauseMs } = this.settings;
    const decline = async (why: string): Promise<true> => {
      await this.stream.apply({ type: 'decline', epoch, round, process, why });
      this.held = undefined;
      return true;
    };
    // From here on nothing leaves this member until the round is decided.
    this.held = { round };
    if (!(await within(this.environment.clock, this.gate.close(), Math.min(pauseMs, (deadlineAt - this.now()) / 2))))
      return decline('its calls take too long');
    try {
      const kept = await keep(this.settings, { process, life, round, epoch });
      this.sweeper.wrote(kept.head);
      this.held = { round, kept };
      this.collector.written(round);
    } catch (error) {
      return decline(messageOf(error));
    }
    return true;
  }

  /** False: somebody else may do it. */
  private async acknowledge(epoch: number, round: number): Promise<boolean> {
    const { process, life } = this;
    const state = this.held?.kept?.state;
    if (state && this.collector.waitMs > 0) return false;
    const isOver = (): boolean => this.leaving || dutyOf(this.stream.register, this.self(), this.now()).do !== 'ack';
    if (state) await this.collector.acknowledge({ type: 'ack', epoch, round, process, life, state }, isOver);
    else await this.stream.apply({ type: 'decline', epoch, round, process, why: 'its state was not written' });
    return true;
  }

  private async finish({ round, decision }: Extract<Duty, { do: 'finish' }>, register: Register): Promise<boolean> {
    const ends = this.held?.kept?.ends;
    this.held = undefined;
    this.publish(`round.${decision}`, { details: { round, why: register.decided[round]?.why } });
    if (decision !== 'committed') return true;
    this.sweeper.sweep(register, this.now(), (error) => this.publish('round.sweep.failed', { error }));
    // What is not forgotten now is forgotten after the next round.
    if (ends !== undefined)
      this.settings.companion?.committed?.(ends).catch((error: unknown) => this.publish('round.trim.failed', { error }));
    return true;
  }

  /** True when a round was due, and begun. */
  private async beginRound({ last, epoch }: Register): Promise<boolean> {
    if (!this.pace.isDue(last)) return false;
    const [outcome] = await this.stream.apply({ type: 'begin', epoch, deadlineAt: this.now() + this.settings.deadlineMs });
    if (outcome?.is === 'done') this.collector.begun = outcome.register.last;
    return true;
  }

  private now(): number {
    return this.environment.clock.monotonic() + this.aheadMs;
  }

  private async changed(): Promise<void> {
    if (this.isTold) {
      this.isTold = false;
      return;
    }
    const { everyMs = Infinity, pollMs } = this.settings;
    const ms = Math.min(pollMs, everyMs / 4, this.collector.waitMs || Infinity);
    const timer = this.environment.clock.setTimer(ms, () => this.wake(), { background: true });
    await this.waiters.changed();
    timer.cancel();
    this.isTold = false;
  }

  private wake(): void {
    this.isTold = true;
    this.waiters.tell();
  }

  private async decided(round: number): Promise<Register['decided'][number]> {
    for (;;) {
      const decision = this.stream.register.decided[round];
      if (decision) return decision;
      this.check();
      await this.waiters.changed();
    }
  }

  private check(): void {
    if (this.closed) throw this.closed.error;
    if (this.leaving) throw new NoMemberError(this.settings.group, this.process, 'it has left');
  }

  private stop(error: unknown): void {
    if (this.closed) return;
    this.closed = { error: error ?? new NoMemberError(this.settings.group, this.process, 'it has left') };
    this.stopListening();
    this.gate.end(this.closed.error);
    this.refuseReady(this.closed.error);
    this.end(error);
    this.wake();
    if (error !== undefined) this.publish('round.lost', { error });
  }

  private publish(name: string, more: { readonly error?: unknown; readonly details?: Readonly<Record<string, unknown>> }): void {
    const { events, clock } = this.environment;
    if (!events.listening) return;
    const details = { group: this.settings.group, ...more.details };
    events.publish({ name, at: clock.now(), id: this.process, ...more, details });
  }
}
