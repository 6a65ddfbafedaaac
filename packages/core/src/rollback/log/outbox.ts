import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import type { Output, Sink, SinkReport } from './types.js';

/** So many outputs are handed over at a time; a plain sink gets one, for a repetition repeats all of them. */
const BURST = 100;
/** After so many failures in a row somebody should look. */
const WARN_AFTER = 5;

interface Lane {
  readonly name: string;
  readonly sink: Sink;
  /** Made, and not confirmed yet, in their order. */
  waiting: Output[];
  /** How many of them may leave: what they rest on is durable. */
  released: number;
  /** Number of the last one that was made, and of the last one that has arrived. */
  made: number;
  confirmed: number;
  delivering: Promise<void> | undefined;
  failures: number;
}

/** What stands in a checkpoint: for each sink the last number made, the last one confirmed, and what lies between. */
export type OutboxState = readonly (readonly [sink: string, made: number, confirmed: number, waiting: readonly Output[]])[];

/** What the handlers have sent, until the sinks have it. */
export class Outbox {
  private readonly lanes = new Map<string, Lane>();
  private readonly stopping = new AbortController();
  private paused = false;
  /** Called when a sink has confirmed something. */
  onConfirmed: () => void = () => {};

  constructor(
    private readonly environment: Environment,
    private readonly process: string,
    sinks: Readonly<Record<string, Sink>>,
    private readonly redeliverMs: number,
  ) {
    for (const [name, sink] of Object.entries(sinks)) this.lanes.set(name, newLane(name, sink));
  }

  get names(): readonly string[] {
    return [...this.lanes.keys()];
  }

  has(sink: string): boolean {
    return this.lanes.has(sink);
  }

  get unconfirmed(): number {
    let all = 0;
    for (const { waiting } of this.lanes.values()) all += waiting.length;
    return all;
  }

  /** Puts back what a checkpoint holds. Nothing may leave before `release`. */
  restore(state: OutboxState): void {
    for (const lane of this.lanes.values()) Object.assign(lane, newLane(lane.name, lane.sink), { delivering: lane.delivering });
    for (const [name, made, confirmed, waiting] of state) {
      const lane = this.lanes.get(name);
      if (lane) Object.assign(lane, { made, confirmed, waiting: waiting.filter(({ sequence }) => sequence > confirmed) });
    }
  }

  /** Sinks that an earlier process had, with outputs that wait for them. */
  static missing(state: OutboxState, names: readonly string[]): readonly string[] {
    return state.filter(([name, , , waiting]) => waiting.length > 0 && !names.includes(name)).map(([name]) => name);
  }

  state(): OutboxState {
    return [...this.lanes.values()].map(({ name, made, confirmed, waiting }) => [name, made, confirmed, waiting.slice()]);
  }

  confirmed(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.lanes.values()].filter(({ confirmed }) => confirmed > 0).map((lane) => [lane.name, lane.confirmed]));
  }

  /** Takes what a durable head says about what has arrived. */
  confirm(confirmed: Readonly<Record<string, number>>): void {
    for (const lane of this.lanes.values()) {
      lane.confirmed = Math.max(lane.confirmed, confirmed[lane.name] ?? 0);
      lane.waiting = lane.waiting.filter(({ sequence }) => sequence > lane.confirmed);
    }
  }

  /** Keeps outputs of one message; those that have arrived already are left out. */
  hold(outputs: readonly Made[]): void {
    for (const { sink, key, body } of outputs) {
      const lane = this.lanes.get(sink) as Lane;
      lane.made += 1;
      if (lane.made > lane.confirmed) lane.waiting.push({ key, sequence: lane.made, from: this.process, body });
    }
  }

  /** For each sink the number of its last output. */
  mark(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.lanes.values()].map(({ name, made }) => [name, made]));
  }

  /** What was made until the mark is durable: it may leave. */
  release(mark: Readonly<Record<string, number>>): void {
    for (const lane of this.lanes.values()) {
      lane.released = Math.max(lane.released, mark[lane.name] ?? 0);
      this.deliver(lane);
    }
  }

  /** Nothing more leaves until `resume`, which releases all that was made. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.release(this.mark());
  }

  stop(): void {
    this.stopping.abort();
  }

  /** Resolves when all that may leave has arrived, or it was stopped. */
  async drained(): Promise<void> {
    const busy = (): Promise<void>[] => [...this.lanes.values()].map(({ delivering }) => delivering).filter((one) => one !== undefined);
    for (let all = busy(); all.length > 0; all = busy()) await Promise.all(all);
  }

  report(): readonly SinkReport[] {
    return [...this.lanes.values()].map(({ name, sink, made, confirmed, failures }) => ({
      sink: name,
      kind: sink.kind,
      made,
      confirmed,
      failures,
      guarantee: sink.kind === 'transactional' ? 'exactly once' : sink.kind === 'idempotent' ? 'once by key' : 'at least once',
    }));
  }

  private deliver(lane: Lane): void {
    if (lane.delivering || this.stopping.signal.aborted || !this.isReady(lane)) return;
    lane.delivering = this.run(lane).finally(() => {
      lane.delivering = undefined;
      this.deliver(lane);
    });
  }

  private isReady(lane: Lane): boolean {
    const [first] = lane.waiting;
    if (this.paused) return false;
    return first !== undefined && first.sequence <= lane.released;
  }

  private async run(lane: Lane): Promise<void> {
    const { signal } = this.stopping;
    while (this.isReady(lane) && !signal.aborted) {
      const most = lane.sink.kind === 'plain' ? 1 : BURST;
      const some = lane.waiting.slice(0, most).filter(({ sequence }) => sequence <= lane.released);
      try {
        await lane.sink.deliver(some);
        if (signal.aborted) return;
        lane.failures = 0;
        lane.confirmed = Math.max(lane.confirmed, (some.at(-1) as Output).sequence);
        lane.waiting.splice(0, some.length);
        this.onConfirmed();
      } catch (error) {
        lane.failures += 1;
        this.tell(lane, some, error);
        await sleep(this.environment.clock, this.redeliverMs, signal, true);
      }
    }
  }

  private tell(lane: Lane, outputs: readonly Output[], error: unknown): void {
    const { events, clock } = this.environment;
    const name = lane.failures % WARN_AFTER === 0 ? 'log.sink.failing' : 'log.sink.failed';
    const details = { sink: lane.name, failures: lane.failures, first: outputs[0]?.key };
    events.publish({ name, at: clock.now(), id: this.process, error, details });
  }
}

export interface Made {
  readonly sink: string;
  readonly key: string;
  readonly body: unknown;
}

function newLane(name: string, sink: Sink): Lane {
  return { name, sink, waiting: [], released: 0, made: 0, confirmed: 0, delivering: undefined, failures: 0 };
}
