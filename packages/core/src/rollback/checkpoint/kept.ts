import type { Store } from '../../base/store.js';
import type { CheckpointStart, RestoreInfo } from './checkpoints-types.js';
import { Durable } from './durable.js';
import type { CheckpointNotes } from './durable.js';
import { Encoding } from './encoding.js';
import { CheckpointNotFoundError, NotServedError } from './errors.js';
import { apply, readFrames } from './frames.js';
import type { State } from './frames.js';
import type { CheckpointInfo } from './history-view.js';
import type { Holder } from './holder.js';
import type { Settled } from './options.js';
import { Pen, streamId } from './pen.js';
import { Periodic } from './periodic.js';
import { load } from './recoverable.js';
import type { Reader } from './restoring.js';
import { Savepoints } from './savepoints.js';
import { fingerprint } from './schema.js';
import type { TrackedKind } from './tracked.js';
import { v8Codec } from './v8-codec.js';
import type { StateCodec } from './v8-codec.js';

/** An object whose checkpoints are in a store. */
export class Kept {
  readonly savepoints: Savepoints;
  /** Another process has it. */
  fencedBy: NotServedError | undefined;
  private readonly durable: Durable;
  private readonly codec: StateCodec;
  private readonly periodic: Periodic;
  /** As the constructor made it. */
  private readonly initial: readonly Uint8Array[];

  constructor(
    private readonly holder: Holder,
    private readonly name: string,
    fields: readonly string[],
    kinds: ReadonlyMap<string, TrackedKind>,
    store: Store,
    private readonly options: Settled,
  ) {
    const { environment, types, version, migrate = {}, state, validate = 'always', logReaches, keep } = options;
    this.codec = v8Codec(types);
    const reader: Reader = {
      holder: holder.name,
      clock: environment.clock,
      version,
      migrate,
      state,
      kinds,
      validate,
      fingerprint: options.fingerprint ?? fingerprint(state, fields),
      codecs: [this.codec, environment.codec],
      logReaches,
    };
    const owner = [name, options.id ?? ''];
    const pen = new Pen(environment, store, holder.name, streamId('checkpoint', ...owner));
    this.durable = new Durable(holder, pen, this.codec, reader, environment, keep);
    this.savepoints = new Savepoints(holder, store, environment, reader, owner);
    this.initial = [...new Encoding(holder, this.codec).frames()];
    this.periodic = new Periodic(environment.clock, options.everyCalls, options.everyMs, () => this.saveByItself());
  }

  get history(): readonly CheckpointInfo[] {
    return this.durable.history;
  }

  async open(from: CheckpointStart['from']): Promise<RestoreInfo> {
    const { durable, holder, options } = this;
    const other = typeof from === 'object' ? await this.savepoints.state(from, { id: options.id ?? '', name: this.name }) : undefined;
    const found = await durable.open(typeof from === 'number' ? from : undefined);
    const state = other ?? found?.state;
    if (state) load(holder, state);
    // What was read is what is stored: only another beginning is a change.
    if (!other) durable.tracker.take();
    const { number = 0, schemaVersion, logPosition } = found?.envelope ?? {};
    return { number, incarnation: durable.incarnation, schemaVersion, ...(logPosition !== undefined && { logPosition }) };
  }

  /** A call has ended. */
  ended(): void {
    if (!this.durable.tracker.isEmpty) this.periodic.ended();
  }

  /** False when it has failed, which was told as an event. */
  private async saveByItself(): Promise<boolean> {
    return this.save(() => ({})).then(
      () => true,
      () => false,
    );
  }

  async save(ask: () => CheckpointNotes): Promise<CheckpointInfo> {
    return this.guarded(() =>
      this.durable.inTurn(async () => {
        const info = await this.durable.save(ask);
        return info as CheckpointInfo;
      }),
    );
  }

  /** In turn with the checkpoints: one at a time is told what a write replaces while it is encoded. */
  savepoint(label: string): Promise<void> {
    return this.guarded(() => this.durable.inTurn(() => this.savepoints.save(label)));
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.fencedBy) throw this.fencedBy;
    try {
      return await work();
    } catch (error) {
      if (error instanceof NotServedError) {
        this.fencedBy = error;
        this.periodic.stop();
      }
      throw error;
    }
  }

  /** What `rollback` goes to. */
  targetOf(to: number | string | undefined): number | string {
    if (to === undefined) return this.history.at(-1)?.number ?? 0;
    if (typeof to === 'number' && to !== 0 && !this.history.some(({ number }) => number === to)) {
      const there = this.history.map(({ number }) => number).join(', ');
      throw new CheckpointNotFoundError(this.holder.name, `checkpoint ${to}`, `0, ${there}`);
    }
    return to;
  }

  /** What `undo` goes to. */
  before(): number {
    const last = this.history.at(-1);
    if (!last) return 0;
    return this.durable.tracker.isEmpty ? last.after : last.number;
  }

  /** To be called as a call, so that nothing is under way. */
  goBack(target: (kept: Kept) => number | string): Promise<CheckpointInfo> {
    return this.guarded(() =>
      this.durable.inTurn(async () => {
        const to = target(this);
        const state = await this.stateAt(to);
        const at = typeof to === 'number' ? to : undefined;
        const after =
          typeof to === 'number' ? (this.history.find(({ number }) => number === to)?.after ?? 0) : (this.history.at(-1)?.number ?? 0);
        await this.durable.saveRollback(state, at, after);
        load(this.holder, state);
        this.durable.tracker.take();
        return this.history.at(-1) as CheckpointInfo;
      }),
    );
  }

  private async stateAt(to: number | string): Promise<State> {
    if (typeof to === 'string') return this.savepoints.state({ savepoint: to }, { id: this.options.id ?? '', name: this.name });
    if (to !== 0) return this.durable.stateAt(to);
    const state: State = new Map();
    for (const bytes of this.initial) apply(state, readFrames(this.codec, bytes));
    return state;
  }

  async stop(): Promise<void> {
    this.periodic.stop();
    await this.durable.inTurn(async () => {});
  }
}
