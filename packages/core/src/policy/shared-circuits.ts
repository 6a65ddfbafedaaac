import { AsyncResource } from 'node:async_hooks';
import { z } from 'zod';
import type { Timer } from '../base/clock.js';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import type { Store } from '../base/store.js';
import type { Circuit, CircuitRules, CircuitState, Outside } from './circuit.js';
import { SharedCircuit } from './shared-circuit.js';
import type { SharedRules } from './shared-circuit.js';

/** How nodes share a breaker. All of them have to say the same. */
export interface SharedBreaker {
  /** Where they meet: one stream for each circuit. It must not be behind this very breaker. */
  readonly store: Store;
  /** What the breaker is called, by all nodes. */
  readonly name: string;
  /** Nodes whose own calls must have opened it, for the others to open it too. Default: most of those that call, and two at least. */
  readonly quorum?: number;
  /** How often news are exchanged while there are calls. Default: 1 s. */
  readonly interval?: Duration;
  /** How long a node may be silent until it does not count, and its right to probe is another's. Default: three intervals. */
  readonly leaseTtl?: Duration;
}

const schema = z.strictObject({
  store: z.custom<Store>((one) => typeof (one as Store | undefined)?.commit === 'function', 'It is no store'),
  name: z.string().min(1).max(200),
  quorum: z.number().int().min(1).optional(),
  interval: z.union([z.number(), z.string()]).optional(),
  leaseTtl: z.union([z.number(), z.string()]).optional(),
});

/** After so many failures in a row the pause between two exchanges grows no more: 32 intervals. */
const MOST_DOUBLINGS = 5;

// It belongs to no request: a timer that is made within one would keep its context alive.
const nowhere = new AsyncResource('REDRESS_BREAKER');

/** The circuits of one breaker of this node, and their exchange with the others: beside the calls, never before one. */
export class SharedCircuits implements Outside {
  private readonly links = new Map<Circuit, SharedCircuit>();
  private readonly running = new Map<SharedCircuit, Promise<void>>();
  private readonly shared: SharedRules;
  private timer: Timer | undefined;
  private timerAt = Infinity;
  private isStopped = false;

  /** @throws ConfigurationError when an option does not fit. */
  constructor(
    options: SharedBreaker,
    subject: string,
    private readonly rules: CircuitRules,
  ) {
    checkOptions(subject, schema, options);
    const intervalMs = durationMs(options.interval ?? 1000, `${subject}, interval`);
    const ttlMs = options.leaseTtl === undefined ? 3 * intervalMs : durationMs(options.leaseTtl, `${subject}, leaseTtl`);
    if (intervalMs < 1 || ttlMs < 2 * intervalMs) {
      const cause = `The interval is ${intervalMs} ms, the time of a lease ${ttlMs} ms.`;
      throw new ConfigurationError([{ subject, cause, remedy: 'Let the interval be 1 ms at least, and leaseTtl two of them.' }]);
    }
    let node: string | undefined;
    this.shared = {
      store: options.store,
      name: options.name,
      get node() {
        return (node ??= rules.environment.random.word());
      },
      intervalMs,
      ttlMs,
      quorum: options.quorum,
      now: () => rules.environment.clock.monotonic(),
      word: () => rules.environment.random.word(),
    };
  }

  /** A call wants to pass. */
  used(circuit: Circuit): void {
    if (this.isStopped) return;
    let link = this.links.get(circuit);
    if (!link) this.links.set(circuit, (link = new SharedCircuit(this.shared, circuit)));
    const now = this.shared.now();
    const wasActive = link.isActive(now);
    link.usedAt = now;
    if (!wasActive && link.failures === 0) link.nextAt = now;
    if (!wasActive) this.arm(Math.max(0, link.nextAt - now));
  }

  /** The others have to hear of it soon. */
  changed(circuit: Circuit, from: CircuitState, to: CircuitState): void {
    const link = this.links.get(circuit);
    if (!link || this.isStopped) return;
    link.changed(from, to);
    if (to !== 'halfOpen') this.arm(0);
  }

  mayProbe(circuit: Circuit): boolean {
    return this.isStopped || (this.links.get(circuit)?.mayProbe(this.shared.now()) ?? true);
  }

  get waitMs(): number {
    return this.isStopped ? 0 : this.shared.intervalMs;
  }

  forget(circuit: Circuit): void {
    this.links.delete(circuit);
  }

  /** The exchange after so many milliseconds, unless there is one before. */
  private arm(ms: number): void {
    if (this.isStopped) return;
    const { clock } = this.rules.environment;
    const at = this.shared.now() + ms;
    if (this.timer && this.timerAt <= at) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = nowhere.runInAsyncScope(() => clock.setTimer(ms, () => this.tick(), { background: true }));
  }

  private tick(): void {
    this.timer = undefined;
    this.timerAt = Infinity;
    const now = this.shared.now();
    let nextAt = Infinity;
    for (const link of this.links.values()) {
      if (this.running.has(link) || !link.isConcerned(now)) continue;
      if (now >= link.nextAt || link.isUrgent) this.run(link, now);
      else nextAt = Math.min(nextAt, link.nextAt);
    }
    if (nextAt < Infinity) this.arm(nextAt - now);
  }

  private run(link: SharedCircuit, now: number): void {
    const { clock } = this.rules.environment;
    link.nextAt = now + this.intervalMs;
    let isWanted = true;
    const ended = new Promise<void>((resolve) => {
      const end = (error?: unknown): void => {
        if (!isWanted) return;
        isWanted = false;
        limit.cancel();
        this.running.delete(link);
        this.judge(link, error);
        resolve();
      };
      // A store that does not answer must not be waited for.
      const late = (): void => end(new Error(`The store took longer than ${this.shared.ttlMs} ms.`));
      const limit = clock.setTimer(this.shared.ttlMs, late, { background: true });
      link
        .exchange(() => isWanted && !this.isStopped)
        .then(
          () => end(),
          (error: unknown) => end(error ?? new Error('The store did not say why.')),
        );
    });
    this.running.set(link, ended);
  }

  /** Nodes do not keep step with each other. */
  private get intervalMs(): number {
    return this.shared.intervalMs * (0.9 + 0.2 * this.rules.environment.random.next());
  }

  private judge(link: SharedCircuit, error: unknown): void {
    const wasAlone = link.failures > 0;
    link.failures = error === undefined ? 0 : link.failures + 1;
    const now = this.shared.now();
    if (error !== undefined) link.nextAt = now + this.intervalMs * 2 ** Math.min(link.failures - 1, MOST_DOUBLINGS);
    if (wasAlone !== link.failures > 0) this.tell(link, error);
    if (link.isConcerned(now)) this.arm(link.isUrgent ? this.shared.intervalMs / 10 : link.nextAt - now);
  }

  private tell(link: SharedCircuit, error: unknown): void {
    const { events, clock } = this.rules.environment;
    if (!events.listening) return;
    const details = { breaker: this.shared.name, stream: link.id };
    if (error === undefined) events.publish({ name: 'circuit.together', at: clock.now(), details });
    else events.publish({ name: 'circuit.alone', at: clock.now(), error, details });
  }

  /** Takes back what this node has said. Does not wait for a store that does not answer for longer than a lease. */
  async stop(): Promise<void> {
    if (this.isStopped) return;
    this.isStopped = true;
    this.timer?.cancel();
    this.timer = undefined;
    const { clock } = this.rules.environment;
    const leave = async (): Promise<void> => {
      await Promise.all(this.running.values());
      await Promise.all([...this.links.values()].map((link) => link.leave()));
    };
    await new Promise<void>((resolve) => {
      const limit = clock.setTimer(this.shared.ttlMs, resolve);
      const end = (): void => {
        limit.cancel();
        resolve();
      };
      leave().then(end, end);
    });
    this.links.clear();
  }
}
