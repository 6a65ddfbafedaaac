import { createCodec } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import { chain } from '../base/interceptor.js';
import { ConfigurationError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import { parseWith } from '../base/schema.js';
import type { Head, HeadPatch, Loaded, Store } from '../base/store.js';
import type { Operation, SagaDefinition } from './definition.js';
import { OwnershipLostError, RuntimeStoppedError } from './errors.js';
import { attach, attachStored, createAnew } from './attach.js';
import { layToRest } from './burial.js';
import { Children } from './child.js';
import type { ChildOptions } from './child.js';
import { copierOf } from './copies.js';
import { holdDivided } from './divided.js';
import { Ears } from './ear.js';
import { History } from './history.js';
import { createAdmin } from './admin.js';
import type { Admin } from './admin-types.js';
import { Journal } from './journal.js';
import { streamOf } from './desk.js';
import type { Desk } from './desk.js';
import { Verbs } from './verbs.js';
import { Leases } from './leases.js';
import { Leaving } from './leaving.js';
import type { StartedRecord } from './records.js';
import { Registry } from './registry.js';
import { Room } from './room.js';
import { checkId, checkTags, runtimeOptions, unregistered } from './runtime-options.js';
import { retentions } from './retention.js';
import { Run } from './run.js';
import { isAtRest } from './run-end.js';
import type { RunHost } from './run-host.js';
import type { RunHandle, Runtime, RuntimeOptions, StartOptions, WaitOptions } from './runtime-types.js';
import { waitFor } from './waiter.js';
import { Worker } from './worker.js';

/**
 * Opens a runtime over a store: it starts runs, drives those of others that were left, and undoes what must be undone.
 * @throws ConfigurationError with all problems of the options and the definitions.
 */
export function createRuntime(options: RuntimeOptions): Runtime {
  checkOptions('createRuntime', runtimeOptions, options);
  const runtime = new SagaRuntime(options);
  runtime.register({ sagas: options.sagas ?? [], steps: options.steps ?? [] });
  if (options.worker !== false) runtime.environment.clock.nextTurn(runtime.startWorker);
  return runtime;
}

class SagaRuntime implements Runtime, RunHost {
  readonly runtime: Runtime = this;
  readonly environment: Environment;
  readonly store: Store;
  readonly codecs: readonly Codec[];
  readonly leaseMs: number;
  readonly flushMs: number;
  readonly graceMs: number;
  readonly pollMs: number;
  readonly desk: Desk;
  readonly around: RunHost['around'];
  readonly ears: Ears;
  stopping = false;
  stopped = false;
  private readonly drainMs: number;
  readonly maxRecoveries: number;
  readonly alwaysReplay: boolean;
  readonly places: Room;
  private readonly registry: Registry;
  private readonly leases: Leases;
  private readonly worker: Worker;
  private readonly verbs: Verbs;
  private readonly children: Children;
  readonly admin: Admin;
  private readonly runs = new Map<string, Run>();
  private readonly leaving: Leaving;

  constructor(options: RuntimeOptions) {
    this.store = options.store;
    this.registry = new Registry(this.store.durability);
    this.environment = createEnvironment({ codec: createCodec({ errors: this.registry.errors }), ...options.environment });
    this.codecs = [this.environment.codec, ...(options.oldCodecs ?? [])];
    const ms = (name: string, value: Duration | undefined, standard: Duration): number =>
      durationMs(value ?? standard, `createRuntime, ${name}`);
    this.leaseMs = ms('lease', options.lease, '10s');
    this.pollMs = ms('poll', options.poll, 500);
    this.flushMs = ms('flush', options.flush, 20);
    this.graceMs = ms('grace', options.grace, '5s');
    this.drainMs = ms('drain', options.drain, '10s');
    this.maxRecoveries = options.maxRecoveries ?? 10;
    this.alwaysReplay = options.alwaysReplay ?? false;
    this.places = new Room(options.maxConcurrentRuns ?? 128);
    this.around = options.interceptors?.length ? chain(options.interceptors) : undefined;
    if (this.leaseMs === 0)
      throw new ConfigurationError([
        { subject: 'createRuntime, lease', cause: 'a lease of nothing is no lease.', remedy: "Give one such as '10s'." },
      ]);
    const owner = `${process.pid}-${this.environment.random.word()}`;
    const retentionOf = retentions(options.retention, (...of) => this.registry.retentionMs(...of));
    this.desk = { store: this.store, environment: this.environment, codecs: this.codecs, owner, leaseMs: this.leaseMs, retentionOf };
    this.ears = new Ears(this.store, this.environment.clock, this.pollMs);
    this.leases = new Leases(this.desk);
    this.leaving = new Leaving(this.environment.clock);
    this.worker = new Worker(this);
    this.verbs = new Verbs(this.desk, (stream) => this.nudge(stream));
    this.admin = createAdmin(this, this.verbs);
    this.children = new Children(this, this.verbs);
  }

  get room(): number {
    return this.places.left;
  }

  get recovered(): number {
    return this.places.size;
  }

  register(parts: Parameters<Runtime['register']>[0]): void {
    // The registry keeps definitions of all types and hands each its own arguments back.
    this.registry.add((parts.sagas ?? []) as unknown as readonly SagaDefinition[], parts.steps ?? []);
    this.worker.expect(0);
  }

  operation(name: string): Operation | undefined {
    return this.registry.operation(name) ?? this.children.named(name);
  }

  child(saga: SagaDefinition, body: StartOptions['body'], onPivot: () => void): ReturnType<RunHost['child']> {
    return { operation: this.children.operation(saga.name), invoke: this.children.invoke(saga, body, onPivot) };
  }

  pivots(history: History): ReturnType<RunHost['pivots']> {
    return this.children.pivots(history);
  }

  resolvable(): readonly string[] {
    return this.registry.resolvable((saga, error) =>
      this.environment.events.publish({ name: 'saga.unresolvable', at: this.environment.clock.now(), saga, error }),
    );
  }

  now(): Promise<number> {
    return this.store.now();
  }

  local(stream: string): Run | undefined {
    return this.runs.get(stream);
  }

  async start<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options: ChildOptions = {}): Promise<RunHandle<R>> {
    const definition = saga as unknown as SagaDefinition;
    if (this.stopping) throw new RuntimeStoppedError();
    if (!this.registry.has(definition)) throw unregistered(saga.name);
    const given = saga.input ? [await parseWith(saga.input, args[0], saga.name), ...args.slice(1)] : args;
    const id = checkId(saga.name, options.id ?? definition.idOf?.(...given) ?? this.environment.random.word());
    // Encoded before anything else: what cannot be kept is refused.
    const copies = copierOf(this.codecs, given);
    const tags = checkTags(saga.name, definition.tagsOf?.(...given));
    const stream = streamOf(saga.name, id);
    const deadlineMs = options.deadline === undefined ? saga.deadlineMs : durationMs(options.deadline, 'deadline');
    // First: between the look for the run and its creation nobody else here may begin it or claim it.
    const now = deadlineMs === undefined || this.runs.has(stream) ? 0 : await this.store.now();
    if (this.stopping) throw new RuntimeStoppedError();
    const existing = this.runs.get(stream);
    const journal = (): Journal => new Journal(this.desk, saga.name, id, undefined, tags).setDeadline(now, deadlineMs);
    if (existing) await attach(this, existing, id, copies());
    else await createAnew(this, () => this.create(definition, journal(), copies, options));
    return this.handle(saga, id);
  }

  async run<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options: StartOptions & WaitOptions = {}): Promise<R> {
    const handle = await this.start(saga, args, options);
    return handle.outcome(options);
  }

  handle<R>(saga: SagaDefinition<never, R> | string, id: string): RunHandle<R> {
    const name = typeof saga === 'string' ? saga : saga.name;
    return { saga: name, id, outcome: (options) => waitFor(this, name, id, options) as Promise<R> };
  }

  signal(
    saga: SagaDefinition<never, unknown> | string,
    id: string,
    name: string,
    value?: unknown,
    options: { readonly key?: string } = {},
  ): Promise<void> {
    return this.verbs.signal(typeof saga === 'string' ? saga : saga.name, id, name, value, options.key ?? this.environment.random.word());
  }

  get owned(): number {
    return this.runs.size;
  }

  readonly names = (): readonly string[] => this.registry.names();

  expect(inMs: number): void {
    this.worker.expect(inMs);
  }

  /** A run has news: its owner here takes them in, or the worker looks whether it is due. */
  private nudge(stream: string): void {
    const run = this.runs.get(stream);
    if (run) void run.journal.refresh().catch(() => {});
    else this.worker.expect(0);
  }

  readonly hold = (saga: string, id: string, why: string): void => void holdDivided(this.environment.clock, this.verbs, saga, id, why);

  readonly startWorker = (): void => (this.stopping ? undefined : this.worker.start());

  async stop(options: { readonly drain?: Duration } = {}): Promise<void> {
    this.stopping = true;
    const drainMs = options.drain === undefined ? this.drainMs : durationMs(options.drain, 'drain');
    await this.worker.stop();
    await Promise.all([...this.runs.values()].map((run) => run.stop(drainMs)));
    this.stopped = true;
    this.ears.rouse();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async drive(head: Head, claimedAt: number): Promise<void> {
    // A run that this process lost, perhaps without knowing it: the old pass ends before the new one reads the journal.
    const old = this.runs.get(head.id);
    old?.journal.close('its lease had ended, and this process claimed it again');
    await old?.done;
    if (!(await this.leaving.isFree(head.id)))
      return this.giveBack(head, { wake: { inMs: this.leaseMs }, claims: Math.max(head.claims - 1, 0) });
    if (isAtRest(head.status)) return layToRest(this.desk, head);
    const loaded = await this.loadClaimed(head);
    if (!loaded || loaded.head.owner !== this.desk.owner) return;
    const id = head.id.slice(head.name.length + 1);
    let history: History;
    try {
      history = History.read(this.codecs, loaded.entries);
    } catch (error) {
      const details = { claims: head.claims };
      this.environment.events.publish({ name: 'run.unreadable', at: this.environment.clock.now(), saga: head.name, id, error, details });
      // It waits alone, longer each time, without anything written: a process with the right codec may read it.
      await this.store.renew(this.desk.owner, [head.id], Math.min(1_000 * 2 ** head.claims, 300_000));
      return;
    }
    const run = this.own(new Journal(this.desk, head.name, id, { loaded, history, claimedAt }));
    this.places.take(head.id, run.done);
    run.resume(this.registry.saga(head.name, (history.started as StartedRecord).version));
  }

  /** A claimed run that cannot be read now is given back: it is due again soon, here or elsewhere. */
  private async loadClaimed(head: Head): Promise<Loaded | undefined> {
    try {
      return await this.store.load(head.id);
    } catch (error) {
      await this.giveBack(head, { wake: { inMs: this.pollMs + 1 } });
      throw error;
    }
  }

  /** Guarded: a request that comes late must not shorten the lease of a later claim. */
  private async giveBack({ id, version, stamp }: Head, patch: HeadPatch): Promise<void> {
    const head = { owner: null, ...patch };
    await this.store.commit({ id, expect: { version, stamp }, entries: [], head }).catch(() => {});
  }

  private async create(saga: SagaDefinition, journal: Journal, copies: () => readonly unknown[], options: ChildOptions): Promise<void> {
    if (options.parent !== undefined) journal.note({ parent: options.parent });
    const run = this.own(journal);
    const { id } = journal;
    const started = { saga: saga.name, id, version: saga.version, args: copies(), nonce: this.environment.random.word() };
    const body = options.body ?? saga.body;
    run.begin(started, (context) => body(context, copies()));
    try {
      await run.created;
    } catch (error) {
      if (!(error instanceof OwnershipLostError)) throw error;
      await attachStored(this, saga.name, id, started.args, error);
    }
  }

  copied(args: readonly unknown[]): readonly unknown[] {
    return copierOf(this.codecs, args)();
  }

  private own(journal: Journal): Run {
    const run = new Run(this, journal);
    this.runs.set(journal.stream, run);
    this.leases.add(journal);
    void run.done.then(({ status }) => {
      this.leases.remove(journal);
      if (this.runs.get(journal.stream) === run) this.runs.delete(journal.stream);
      if (status === 'left') this.leaving.add(journal.stream, run.settled());
    });
    return run;
  }
}
