import { currentScope, durationMs } from '@redress/core';
import type { Call, Duration, Head, RedressEvent, RunHandle, SagaDefinition, StartOptions, Store, WaitOptions } from '@redress/core';
import type { App, Class } from '@redress/decorators';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { seededRandom } from '../seeded-random.js';
import { VirtualClock } from '../virtual-clock.js';
import { ArmedCrash } from './crash-points.js';
import type { Crash, CrashPoint } from './crash-points.js';
import { Driver } from './driver.js';
import type { Drivable } from './driver.js';
import { ArmedFault, hang, lostAnswer } from './faults.js';
import type { Act, Fault, FaultOptions } from './faults.js';
import { Mirror } from './mirror.js';
import { chooseSeed } from './options.js';
import type { RecoveryOptions } from './options.js';
import { placeOf, placesOf } from './places.js';
import type { MethodOf, StepTarget } from './places.js';
import { TestProcess } from './process.js';
import type { Shared } from './process.js';
import { absent, viewOf } from './saga-view.js';
import type { SagaView } from './saga-view.js';

/** One execution of a step, or one attempt of an undo. */
export interface CallView extends Pick<Call, 'operation' | 'args'> {
  readonly direction: 'forward' | 'undo';
  readonly key: string;
  readonly attempt: number;
  readonly saga: string;
  readonly id: string;
}

/** Where something goes wrong: a method of a class, or a step. */
type At = readonly [target: Class | StepTarget, method?: string];

/**
 * Processes over one store, in virtual time: they fail where they are told to, die, and others go on. See
 * `testRecovery`.
 */
export class Recovery implements Drivable, Shared, AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly mirror = new Mirror();
  readonly seed: number;
  /** What all processes told, in order. */
  readonly events: RedressEvent[] = [];
  private readonly database = createMemoryDatabase();
  private readonly processes: TestProcess[] = [];
  private readonly driver = new Driver(this);
  private readonly log: CallView[] = [];
  readonly faults: ArmedFault[] = [];
  readonly crashes: ArmedCrash[] = [];

  private constructor(readonly options: RecoveryOptions) {
    this.seed = chooseSeed(options.seed);
  }

  static async open(options: RecoveryOptions): Promise<Recovery> {
    const recovery = new Recovery(options);
    await recovery.spawn();
    return recovery;
  }

  /** The process that was started last. */
  get process(): TestProcess {
    return this.processes.at(-1) as TestProcess;
  }

  /** Its runtime. */
  get app(): App {
    return this.process.app;
  }

  get isAlive(): boolean {
    return this.processes.some((one) => one.isAlive);
  }

  /** The places where the process that was started last could have died so far. */
  get points(): readonly CrashPoint[] {
    return this.process.trail.points;
  }

  // What goes wrong

  /** The step or undo throws `error`, and its body does not run. A `@Retry` does not see it: it is what the retries came to. */
  failAt<T extends object>(type: Class<T>, method: MethodOf<T>, error: unknown, options?: FaultOptions): Fault;
  failAt(step: StepTarget, error: unknown, options?: FaultOptions): Fault;
  failAt(target: Class | StepTarget, ...rest: readonly unknown[]): Fault {
    const [at, [error, options]] = split(target, rest);
    return this.inject('failAt', at, options as FaultOptions | undefined, async () => {
      throw error;
    });
  }

  /** The body runs, and its answer is lost. With `effect: false` the call is lost on its way, and the caller cannot tell. */
  unknownAt<T extends object>(type: Class<T>, method: MethodOf<T>, options?: FaultOptions & { readonly effect?: boolean }): Fault;
  unknownAt(step: StepTarget, options?: FaultOptions & { readonly effect?: boolean }): Fault;
  unknownAt(target: Class | StepTarget, ...rest: readonly unknown[]): Fault {
    const [at, [given]] = split(target, rest);
    const options = given as (FaultOptions & { readonly effect?: boolean }) | undefined;
    return this.inject('unknownAt', at, options, async ({ operation, direction }, next) => {
      if (options?.effect !== false) await next();
      throw lostAnswer(placeOf(operation, direction));
    });
  }

  /** The call never settles, until its signal is aborted. Its body does not run. */
  hangAt<T extends object>(type: Class<T>, method: MethodOf<T>, options?: FaultOptions): Fault;
  hangAt(step: StepTarget, options?: FaultOptions): Fault;
  hangAt(target: Class | StepTarget, ...rest: readonly unknown[]): Fault {
    const [at, [options]] = split(target, rest);
    return this.inject('hangAt', at, options as FaultOptions | undefined, hang);
  }

  /** Something of your own happens in place of the call, which is `next`. */
  replaceAt(step: StepTarget, act: Act, options?: FaultOptions): Fault {
    return this.inject('replaceAt', [step], options, act);
  }

  /**
   * The process that comes by first dies there, once. `crashAt(Payments, 'after:charge')`, or with the class of the
   * saga that calls it; `crashAt('before:undo Payments.charge')`, `crashAt('after:write 2')`.
   */
  crashAt(type: Class, point: `${'before' | 'after'}:${string}`): Crash;
  crashAt(point: CrashPoint): Crash;
  crashAt(target: Class | CrashPoint, point?: CrashPoint): Crash {
    const crash = typeof target === 'string' ? new ArmedCrash(target) : crashOf(target, point as CrashPoint);
    this.crashes.push(crash);
    return crash;
  }

  // What happens

  /** Runs a saga to its end in the process that was started last, while virtual time passes. */
  run<T extends object, R>(type: Class<T>, call: (saga: T) => Promise<R>, options?: StartOptions & WaitOptions): Promise<R>;
  run<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions & WaitOptions): Promise<R>;
  run(target: never, second: never, options?: never): Promise<unknown> {
    return this.process.run(target, second, options);
  }

  /** Starts a saga, and answers when the run is durable. */
  start<T extends object, R>(type: Class<T>, call: (saga: T) => Promise<R>, options?: StartOptions): Promise<RunHandle<R>>;
  start<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions): Promise<RunHandle<R>>;
  start(target: never, second: never, options?: never): Promise<RunHandle> {
    return this.process.start(target, second, options);
  }

  /** All processes die, if they have not yet: their memory of runs is gone. A new one starts. */
  async restart(): Promise<TestProcess> {
    for (const one of this.processes) one.kill();
    return this.spawn();
  }

  /** A further process on the same store. */
  async spawn(): Promise<TestProcess> {
    const process = await TestProcess.open(this, this.seed + this.processes.length * 7919);
    this.processes.push(process);
    return process;
  }

  /** Virtual time passes until no run is unfinished, or all that are wait for a person or a signal. */
  settle(options: { readonly limit?: Duration } = {}): Promise<void> {
    return this.driver.settle(durationMs(options.limit ?? '90d', 'settle, limit'));
  }

  /** Virtual time passes, with everything that is due in it. */
  advance(duration: Duration): Promise<void> {
    return this.driver.advance(durationMs(duration, 'advance'));
  }

  // What came of it

  /** A run as its journal has it at this moment, to be expected of. */
  saga(which: string | { readonly saga: string; readonly id: string }): SagaView {
    const [saga, id] = typeof which === 'string' ? ['', which] : [which.saga, which.id];
    const found = [...this.mirror.streams.values()].filter(
      ({ head }) => head.id === (saga === '' ? `${head.name}/${id}` : `${saga}/${id}`),
    );
    if (found.length > 1) throw this.failure(`Several sagas have a run "${id}". Say which one is meant: t.saga({ saga, id }).`);
    return found[0] ? viewOf(found[0], this.process.codec) : absent(saga, id);
  }

  /** All runs. */
  sagas(): readonly SagaView[] {
    return [...this.mirror.streams.values()].filter(({ head }) => head.kind === 'saga').map((one) => viewOf(one, this.process.codec));
  }

  /** How often, and with what, a step or an undo was called. A call that failed by order is among them. */
  calls<T extends object>(type: Class<T>, method: MethodOf<T>): readonly CallView[];
  calls(step: StepTarget): readonly CallView[];
  calls(target: Class | StepTarget, method?: string): readonly CallView[] {
    const places = placesOf(target, method);
    return this.log.filter(({ operation, direction }) => places.includes(placeOf(operation, direction)));
  }

  /** Whether the step with this key was called: durable waits and other things of the engine's own are not. */
  wasCalled(key: string): boolean {
    return this.log.some((one) => one.key === key);
  }

  /** Kills what lives and forgets everything. Nothing is left open. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.processes) one.kill();
    for (const one of this.processes) await one.store.close();
  }

  // For the parts of the kit

  connect(): Store {
    const { clock, database, options, processes } = this;
    return options.store?.(clock) ?? memoryStore({ clock, shared: database, random: seededRandom(this.seed + processes.length + 1) });
  }

  onEvent(event: RedressEvent): void {
    this.events.push(event);
  }

  dies(...place: Parameters<Shared['dies']>): boolean {
    return this.crashes.some((one) => one.takes(...place));
  }

  around(call: Call, next: () => Promise<unknown>): Promise<unknown> {
    const { operation, args, attempt, direction = 'forward' } = call;
    const { key = '', saga = '', id = '' } = currentScope()?.step ?? {};
    this.log.push({ operation, args, attempt, direction, key, saga, id });
    const place = placeOf(operation, direction);
    const fault = this.faults.find((one) => one.takes(place, { id, key }));
    return fault ? fault.act(call, next) : next();
  }

  drive<T>(promise: Promise<T>): Promise<T> {
    return this.driver.until(promise);
  }

  wake(): void {
    for (const { app, isAlive } of this.processes) if (isAlive) app.startWorker();
  }

  describe({ id, name }: Head): string {
    return String(this.saga({ saga: name, id: id.slice(name.length + 1) }));
  }

  failure(message: string): Error {
    return new Error(`${message}\n(seed ${this.seed})`);
  }

  private inject(verb: string, [target, method]: At, options: FaultOptions | undefined, act: Act): Fault {
    const places = placesOf(target, method);
    const fault = new ArmedFault(`${verb}(${places.join(' | ')})`, places, act, options);
    this.faults.push(fault);
    return fault;
  }
}

/** What a test needs of it. */
export type TestRecovery = Omit<
  Recovery,
  | ('mirror' | 'options' | 'faults' | 'crashes' | 'isAlive' | 'wasCalled' | 'failure')
  | ('connect' | 'onEvent' | 'dies' | 'around' | 'drive' | 'wake' | 'describe')
>;

/** The place, and what comes after it. */
function split(target: Class | StepTarget, rest: readonly unknown[]): readonly [at: At, more: readonly unknown[]] {
  if (typeof target !== 'function') return [[target], rest];
  return [[target, rest[0] as string], rest.slice(1)];
}

function crashOf(type: Class, point: CrashPoint): ArmedCrash {
  const method = point.slice(point.indexOf(':') + 1);
  let places: readonly string[] = [];
  try {
    places = placesOf(type, method);
  } catch {
    // It is the class of the saga, and the method that of a step which it calls.
  }
  return new ArmedCrash(point, type, places);
}
