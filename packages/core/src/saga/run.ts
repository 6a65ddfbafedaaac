import { decodeRecord, encodeRecord } from '../base/codec.js';
import type { Codec } from '../base/codec.js';
import { CodecError } from '../base/errors.js';
import type { Environment } from '../base/environment.js';
import type { HeadPatch } from '../base/store.js';
import type { Operation, RunContext, SagaDefinition } from './definition.js';
import type { Journal } from './journal.js';
import { OwnershipLostError } from './errors.js';
import type { ReplayMismatchError } from './errors.js';
import { plainError } from './intent.js';
import { Pass } from './pass.js';
import type { BodyEnd, PassHost } from './pass.js';
import type { EndRecord, StartedRecord } from './records.js';
import type { Runtime } from './runtime-types.js';
import type { RunEnd } from './run-end.js';
import { freeze, unwind } from './unwind.js';
import type { UnwindHost } from './unwind.js';

/** What a run needs of the runtime. */
export interface RunHost {
  readonly runtime: Runtime;
  readonly environment: Environment;
  readonly codecs: readonly Codec[];
  readonly flushMs: number;
  readonly graceMs: number;
  readonly leaseMs: number;
  readonly stopping: boolean;
  operation(name: string): Operation | undefined;
  now(): Promise<number>;
}

/** One run while this process owns it: forward by a pass, then perhaps backward, never forward again. */
export class Run implements PassHost, UnwindHost {
  /** Fulfilled when the run is durable here; rejected when it could not be created. */
  readonly created: Promise<void>;
  /** Never rejected. */
  readonly done: Promise<RunEnd>;
  private pass: Pass | undefined;
  private settleCreated!: { resolve: () => void; reject: (error: unknown) => void };
  private settleDone!: (end: RunEnd) => void;
  private interruption: AbortController | undefined;
  /** The first failure as it was thrown here, for the caller. */
  private thrown: unknown;

  constructor(
    readonly host: RunHost,
    readonly journal: Journal,
  ) {
    this.created = new Promise((resolve, reject) => (this.settleCreated = { resolve, reject }));
    this.created.catch(() => {});
    this.done = new Promise((resolve) => (this.settleDone = resolve));
    journal.onDurable = () => this.settleCreated.resolve();
    journal.onClosed = (reason) => {
      this.pass?.close(reason);
      this.interruption?.abort();
      this.settleCreated.reject(reason);
      this.settleDone({ status: 'left', why: reason.message });
    };
  }

  get runtime(): Runtime {
    return this.host.runtime;
  }
  get environment(): Environment {
    return this.host.environment;
  }
  get codecs(): readonly Codec[] {
    return this.host.codecs;
  }
  get flushMs(): number {
    return this.host.flushMs;
  }
  get stopping(): boolean {
    return this.host.stopping;
  }
  /** Aborted when a pause is of no use any more. */
  get interrupted(): AbortSignal {
    this.interruption ??= new AbortController();
    if (this.stopping || this.journal.closed) this.interruption.abort();
    return this.interruption.signal;
  }

  get leaseMs(): number {
    return this.host.leaseMs;
  }

  operation(name: string): Operation | undefined {
    return this.host.operation(name);
  }

  now(): Promise<number> {
    return this.host.now();
  }

  /** A run that does not exist yet: its beginning is written with the first intents. */
  begin(started: StartedRecord, body: (run: RunContext) => Promise<unknown>): void {
    this.journal.add('started', 'saga.started', started);
    this.forward(body);
  }

  /** A run that was claimed: on from where the journal ends. */
  resume(definition: SagaDefinition | undefined): void {
    this.settleCreated.resolve();
    const { history } = this.journal;
    this.journal.tell('run.claimed', { details: { claims: this.journal.claims, steps: history.steps.length } });
    if (history.decided) return this.guard(this.undo());
    const { args, version } = history.started as StartedRecord;
    if (!definition) return this.leave(`version ${version} of ${this.journal.saga} is not registered here`);
    this.forward((context) => definition.body(context, args));
  }

  /** The runtime stops: what runs may end within `drainMs`, then the run is left to others. */
  async stop(drainMs: number): Promise<void> {
    this.interruption?.abort();
    this.pass?.wake();
    const timer = this.environment.clock.setTimer(drainMs, () => this.onQuiet());
    await this.done;
    timer.cancel();
    await this.journal.settled();
  }

  onBodyEnd(end: BodyEnd): void {
    this.guard(end.ok ? this.complete(end.value) : this.goBack(end.error));
  }

  onQuiet(): void {
    this.guard(this.journal.flush().then(() => this.journal.handBack('the runtime stops', 0)));
  }

  onWriteFailed(error: unknown): void {
    this.failed(error);
  }

  onMismatch(error: ReplayMismatchError): void {
    this.journal.tell('saga.mismatch', { error, details: error.details });
    this.leave(error.message);
  }

  private forward(body: (run: RunContext) => Promise<unknown>): void {
    this.pass = new Pass(this, this.journal);
    this.pass.start(body);
  }

  private async complete(value: unknown): Promise<void> {
    const codec = this.codecs[0] as Codec;
    let data;
    try {
      data = encodeRecord(codec, value === undefined ? {} : { result: value });
    } catch (error) {
      if (error instanceof CodecError) return this.goBack(error);
      throw error;
    }
    const record = decodeRecord(this.codecs, data) as EndRecord;
    this.pass?.fence(undefined);
    this.journal.addEntry({ key: 'end', type: 'saga.completed', data }, record);
    await this.journal.flush({ status: 'completed', owner: null, wake: null });
    this.settleDone({ status: 'completed', result: record.result });
  }

  /** The decision is durable before anything is undone; from here no owner calls the body. */
  private async goBack(error: unknown): Promise<void> {
    const pass = this.pass as Pass;
    this.thrown = pass.original(error);
    pass.fence(error);
    const cause = this.encodable(this.thrown);
    this.journal.add('compensating', 'saga.compensating', { cause });
    const { name, message, code } = plainError(cause) as Error & { code?: string };
    const patch: HeadPatch = {
      status: 'compensating',
      meta: JSON.stringify({ cause: { name, message, code } }),
      tags: { id: this.journal.id, error: name.slice(0, 200) || 'Error' },
    };
    const unclear = this.journal.history.steps.some(({ outcome }) => outcome === undefined || outcome.outcome === 'unknown');
    if (pass.isBusy || unclear) {
      await this.journal.flush(patch);
      await pass.quiesce(this.host.graceMs);
      return this.undo();
    }
    return this.undo(patch);
  }

  /** The frozen list first, once; then the undos, read from the journal. */
  private async undo(patch: HeadPatch = {}): Promise<void> {
    if (!this.journal.history.frozen) await freeze(this, patch);
    const end = this.journal.history.end ? undefined : await unwind(this);
    if (end?.status === 'stuck') return this.settleDone({ ...end, cause: this.thrown ?? end.cause });
    if (end === undefined) this.settleDone({ status: 'compensated', cause: this.thrown ?? this.journal.history.cause });
  }

  /** Whatever cannot go on here is left to others, later and later. */
  leave(why: string): void {
    this.guard(this.journal.handBack(why, Math.min(1_000 * 2 ** Math.max(this.journal.claims - 1, 0), 300_000)));
  }

  /** The error, or as much of it as can be kept. */
  encodable(error: unknown): unknown {
    try {
      encodeRecord(this.codecs[0] as Codec, error);
      return error;
    } catch {
      return plainError(error);
    }
  }

  private guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.failed(error));
  }

  private failed(error: unknown): void {
    if (this.journal.closed) return;
    if (!(error instanceof OwnershipLostError)) this.journal.tell('run.failed', { error });
    this.settleCreated.reject(error);
    this.leave(error instanceof Error ? error.message : String(error));
  }
}
