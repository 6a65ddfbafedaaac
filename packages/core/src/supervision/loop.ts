import type { Timer } from '../base/clock.js';
import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import { begin } from './begin.js';
import type { ChildSpec } from './child.js';
import { RestartLimitError } from './errors.js';
import type { Life } from './life.js';
import { backoffMs } from './options.js';
import type { SupervisorOptions } from './options.js';
import { reporter } from './reports.js';
import type { Tell } from './reports.js';
import { RestartWindow } from './restart-window.js';
import { newSlot, spare } from './slot.js';
import type { Slot } from './slot.js';
import { concerned } from './strategy.js';
import type { Strategy } from './strategy.js';
import type { ChildView, Supervisor } from './supervisor-types.js';

type Act = () => Promise<void>;

/** Why it ends; `first`: a child could not be started for the first time, which `start` says. */
interface Closing {
  readonly error?: unknown;
  readonly first?: boolean;
  kill?: boolean;
}

/**
 * One loop owns all starting and stopping. It looks at how things stand, does one thing, and looks again, until nothing
 * is to be done; whatever happens meanwhile is only written down. So there are never two that see the same gap and fill
 * it twice, and a child that is starting counts as there.
 */
export class SupervisorLoop implements Supervisor {
  readonly name: string;
  readonly ended: Promise<void>;
  readonly #options: SupervisorOptions;
  readonly #environment: Environment;
  readonly #strategy: Strategy;
  readonly #window: RestartWindow;
  readonly #tell: Tell;
  readonly #desired = new Map<ChildSpec, number>();
  readonly #waiting = new Set<() => void>();
  #slots: Slot[] = [];
  /** Lives that ended by themselves, in the order in which that was noticed. */
  #verdicts: { readonly slot: Slot; readonly life: Life }[] = [];
  #closing: Closing | undefined;
  #state: 'new' | 'starting' | 'running' | 'over' = 'new';
  #busy = false;
  #timer: Timer | undefined;
  #end!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  #started: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.name = options.name;
    this.#environment = createEnvironment(options.environment);
    this.#strategy = options.strategy ?? 'one-for-one';
    this.#window = new RestartWindow(options.intensity ?? 1, options.periodMs ?? 5_000);
    this.#tell = reporter(this.#environment, options.name);
    this.ended = new Promise((resolve, reject) => (this.#end = { resolve, reject }));
    for (const spec of options.children) {
      this.#desired.set(spec, spec.count ?? 1);
      for (let i = 0; i < (spec.count ?? 1); i++) this.#slots.push(newSlot(spec, this.#slots));
    }
  }

  start(): Promise<void> {
    return (this.#started ??= this.#begin());
  }

  async #begin(): Promise<void> {
    if (this.#state === 'new') this.#state = 'starting';
    this.#wake();
    await this.#settled();
    if (!this.#closing?.first) return;
    this.ended.catch(() => {});
    throw this.#closing.error;
  }

  async stop(options: { readonly kill?: boolean } = {}): Promise<void> {
    this.#closing ??= {};
    if (options.kill) {
      this.#closing.kill = true;
      for (const { life } of this.#slots) life?.kill();
    }
    for (const { starting, life } of this.#slots) if (starting) life?.abort();
    this.#wake();
    await this.ended.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async scale(id: string, count: number): Promise<void> {
    const spec = this.#options.children.find((child) => child.id === id && child.count !== undefined);
    if (!spec || !Number.isSafeInteger(count) || count < 0) {
      const cause = spec ? `${count} is no number of members.` : 'There is no such group.';
      const subject = `${this.name}.scale(${JSON.stringify(id)})`;
      throw new ConfigurationError([{ subject, cause, remedy: 'Name a child that has a count, and a whole number from 0.' }]);
    }
    this.#desired.set(spec, count);
    if (this.#state === 'new') return;
    this.#wake();
    await this.#settled();
  }

  children(): readonly ChildView[] {
    return this.#slots.map(({ id, state, ready, generation }) => ({ id, state, ready, generation }));
  }

  /** Resolves when there is nothing left to do, pauses included. */
  #settled(): Promise<void> {
    if (this.#state === 'over') return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    if (!this.#busy) void this.#reconcile();
  }

  async #reconcile(): Promise<void> {
    this.#busy = true;
    this.#timer?.cancel();
    for (let act = this.#next(); act; act = this.#next()) await act();
    this.#busy = false;
    if (this.#state !== 'over' && this.#slots.some(({ pending }) => pending)) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** The one thing that is to be done now. */
  #next(): Act | undefined {
    if (this.#state === 'new' && !this.#closing) return undefined;
    for (;;) {
      if (this.#closing) {
        const last = this.#slots.findLast(({ life }) => life);
        return last ? () => this.#halt(last) : this.#finish();
      }
      this.#meetDesires();
      const halting = this.#slots.findLast(({ life, halting: asked, dropped }) => life && (asked || dropped));
      if (halting) return () => this.#halt(halting);
      this.#slots = this.#slots.filter(({ dropped }) => !dropped);
      const due = this.#due();
      if (due) return () => this.#launch(due);
      if (this.#state === 'starting') {
        this.#state = 'running';
        this.#tell('supervisor.started');
      }
      // Starts are not interrupted: whoever ends meanwhile is met when all that are due have been started.
      const verdict = this.#verdicts.shift();
      if (!verdict) return undefined;
      this.#meet(verdict.slot, verdict.life);
    }
  }

  #meetDesires(): void {
    for (const [spec, count] of this.#desired) {
      const members = this.#slots.filter((slot) => slot.spec === spec && !slot.dropped);
      for (let n = members.length; n > count; n--) {
        const extra = spare(members.filter(({ dropped }) => !dropped));
        if (extra) extra.dropped = true;
      }
      for (let n = members.length; n < count; n++) {
        const at = this.#slots.findLastIndex((slot) => slot.spec === spec);
        const after = this.#options.children.slice(0, this.#options.children.indexOf(spec) + 1);
        const place = at < 0 ? this.#slots.filter((slot) => after.includes(slot.spec)).length : at + 1;
        this.#slots.splice(place, 0, newSlot(spec, this.#slots));
      }
    }
  }

  /** The first that is to be started and whose pause is over; a timer for the one whose pause ends first. */
  #due(): Slot | undefined {
    const pending = this.#slots.filter(({ pending: asked }) => asked);
    const now = this.#environment.clock.monotonic();
    const due = pending.find(({ dueAt }) => dueAt <= now);
    if (due || pending.length === 0) return due;
    this.#timer?.cancel();
    this.#timer = this.#environment.clock.setTimer(Math.min(...pending.map(({ dueAt }) => dueAt)) - now, () => this.#wake());
    return undefined;
  }

  async #launch(slot: Slot): Promise<void> {
    const again = slot.generation > 0;
    slot.pending = false;
    slot.starting = true;
    slot.generation += 1;
    const { name, environment, tell } = { name: this.name, environment: this.#environment, tell: this.#tell };
    const onVerdict = (life: Life): void => {
      this.#verdicts.push({ slot, life });
      this.#wake();
    };
    try {
      await begin(slot, { supervisor: name, environment, store: this.#options.store, tell, onVerdict });
      slot.starting = false;
      this.#tell(again ? 'child.restarted' : 'child.started', slot.id, undefined, { generation: slot.generation });
    } catch (error) {
      slot.starting = false;
      slot.life = undefined;
      if (this.#closing) return;
      this.#tell('child.failed', slot.id, error, { generation: slot.generation });
      if (this.#state === 'starting') this.#closing = { error, first: true };
      else this.#restart(slot, error);
    }
  }

  async #halt(slot: Slot): Promise<void> {
    const { life } = slot;
    if (!life) return;
    const wasOver = life.isOver;
    const farewell = await life.end(this.#closing?.kill ? 0 : undefined);
    slot.life = undefined;
    slot.halting = false;
    if (wasOver) this.#tellVerdict(slot, life);
    else this.#tell(`child.${farewell}`, slot.id, life.stopError, { generation: slot.generation });
  }

  /** A life has ended, or is taken for dead. */
  #meet(slot: Slot, life: Life): void {
    if (slot.life !== life || !life.verdict) return;
    const { verdict } = life;
    this.#tellVerdict(slot, life);
    const livedMs = this.#environment.clock.monotonic() - life.startedAt;
    const { resetMs, maxMs = 30_000 } = this.#options.backoff ?? {};
    if (livedMs >= (resetMs ?? maxMs)) slot.failures = 0;
    if (life.isOver) slot.life = undefined;
    else slot.halting = true;
    const { restart = 'permanent' } = slot.spec;
    if (restart === 'temporary') this.#drop(slot);
    else if (restart === 'permanent' || verdict.failed) this.#restart(slot, verdict.failed ? verdict.error : undefined);
  }

  #tellVerdict({ id, generation }: Slot, { verdict }: Life): void {
    if (verdict?.failed) this.#tell('child.failed', id, verdict.error, { generation });
    else this.#tell('child.ended', id, undefined, { generation });
  }

  /** A temporary child is not wanted any more once it is over. */
  #drop(slot: Slot): void {
    slot.dropped = true;
    this.#desired.set(slot.spec, (this.#desired.get(slot.spec) ?? 1) - 1);
  }

  #restart(failed: Slot, error: unknown): void {
    const { clock, random } = this.#environment;
    const now = clock.monotonic();
    if (!this.#window.allows(now)) {
      const limit = { intensity: this.#window.intensity, periodMs: this.#window.periodMs };
      this.#closing = { error: new RestartLimitError(this.name, failed.id, limit, error ?? new Error('it ended')) };
      return;
    }
    const dueAt = now + backoffMs(this.#options.backoff, failed.failures++, random);
    for (const slot of concerned(this.#strategy, this.#slots, failed)) {
      slot.halting = slot.life !== undefined;
      if (slot.spec.restart === 'temporary') {
        if (!slot.dropped) this.#drop(slot);
      } else Object.assign(slot, { pending: true, dueAt });
    }
  }

  #finish(): undefined {
    if (this.#state === 'over') return;
    this.#state = 'over';
    const closing = this.#closing as Closing;
    if (!('error' in closing)) {
      this.#tell('supervisor.stopped');
      return this.#end.resolve() as undefined;
    }
    this.#tell('supervisor.exhausted', undefined, closing.error);
    if (closing.first) this.ended.catch(() => {});
    this.#end.reject(closing.error);
  }
}
