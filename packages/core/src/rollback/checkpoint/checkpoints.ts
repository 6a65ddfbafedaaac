import { ConfigurationError } from '../../base/errors.js';
import { currentScope, runInScope } from '../../base/scope.js';
import type { Recoverable } from '../words.js';
import { Calls } from './calls.js';
import type { Attempt, Checkpoints, CheckpointStart, RestoreInfo } from './checkpoints-types.js';
import type { CheckpointNotes } from './durable.js';
import { CheckpointVerbError, NotServedError } from './errors.js';
import { Fields } from './fields.js';
import type { CheckpointInfo } from './history-view.js';
import { Holder } from './holder.js';
import { Kept } from './kept.js';
import { Optimistic } from './optimistic.js';
import { settle } from './options.js';
import type { CheckpointOptions, Settled } from './options.js';
import { recoverableOf } from './recoverable.js';
import { selectFields } from './shape.js';
import { currentTurn, Turn } from './turn.js';
import { v8Codec } from './v8-codec.js';

const handles = new WeakMap<object, Checkpoints>();

/**
 * Makes an object checkpointed, once: from here on what is written to its fields and tracked collections is tracked. To be
 * called when it has been constructed.
 * @throws ConfigurationError when the options, the store and the object do not fit together.
 */
export function checkpointed(object: object, options: CheckpointOptions = {}): Checkpoints {
  if (handles.has(object)) {
    const subject = options.name ?? object.constructor.name;
    throw new ConfigurationError([
      { subject, cause: 'The object is checkpointed already.', remedy: 'Keep what the first call has answered.' },
    ]);
  }
  const handle = new Handle(object, options);
  handles.set(object, handle);
  return handle;
}

/** What `checkpointed` has made of an object. */
export function checkpointsOf(object: object): Checkpoints | undefined {
  return handles.get(object);
}

class Handle implements Checkpoints {
  readonly id: string | undefined;
  private readonly holder: Holder;
  private readonly calls: Calls | Optimistic;
  private readonly kept: Kept | undefined;
  private starting: Promise<RestoreInfo> | undefined;
  private isOpen: boolean;
  /** How, while and after `afterRestore` is told. */
  private restored: RestoreInfo | undefined;
  private readonly options: Settled;
  private given: Recoverable | undefined;

  constructor(object: object, given: CheckpointOptions) {
    const name = given.name ?? object.constructor.name;
    const subject = given.id === undefined ? name : `${name} "${given.id}"`;
    const options = settle(subject, given);
    const { names, isOpen } = selectFields(object, subject, options);
    this.id = options.id;
    this.options = options;
    this.holder = new Holder(subject, options.detachedWrites);
    const fields = new Fields(object, this.holder, names, isOpen);
    const { environment } = options;
    this.calls =
      options.concurrency === 'optimistic'
        ? new Optimistic(this.holder, options.maxReruns, environment)
        : new Calls(this.holder, { environment, lockTimeoutMs: options.lockTimeoutMs, maxQueue: options.maxQueue });
    this.kept = options.store && new Kept(this.holder, name, names, fields.kinds, options.store, options);
    this.isOpen = !this.kept;
    const { kept } = this;
    if (kept) this.holder.settled = () => kept.ended();
  }

  run<T>(operation: string, body: (attempt: Attempt) => T | PromiseLike<T>): Promise<T> {
    const { calls } = this;
    const call = (turn: Turn): T | PromiseLike<T> => body((inner) => calls.attempt(turn, inner));
    if (this.isThere && !this.kept?.fencedBy) return calls.run(operation, call);
    return this.served().then(() => calls.run(operation, call));
  }

  read<T>(operation: string, body: () => T): T {
    if (!this.isThere || this.kept?.fencedBy)
      throw this.kept?.fencedBy ?? new NotServedError(this.holder.name, 'it is not restored yet', 'Await start() before.');
    const parent = currentTurn();
    return runInScope({ ...currentScope(), turn: new Turn(this.holder, operation, parent, undefined, 0, 'read') }, body);
  }

  /** Waits until the object is restored. */
  private async served(): Promise<void> {
    if (this.kept?.fencedBy) throw this.kept.fencedBy;
    await this.start();
  }

  /** Open, and before that to `afterRestore` and what it calls: it would wait for itself. */
  private get isThere(): boolean {
    if (this.isOpen || !this.restored) return this.isOpen;
    for (let turn = currentTurn(); turn; turn = turn.parent) if (turn.owner === this.holder && turn.isOpen) return true;
    return false;
  }

  start(options: CheckpointStart = {}): Promise<RestoreInfo> {
    if (!this.isOpen && this.restored && this.isThere) return Promise.resolve(this.restored);
    if (!this.starting) {
      this.starting = this.restore(options);
      // Whoever asks later may try again.
      this.starting.catch(() => (this.starting = undefined));
    } else if (options.from !== undefined) {
      return Promise.reject(this.refused('start({ from })', 'it has started already', 'Use rollback({ to }).'));
    }
    return this.starting;
  }

  private async restore(options: CheckpointStart): Promise<RestoreInfo> {
    const info = this.kept ? await this.kept.open(options.from) : { number: 0, incarnation: 0, schemaVersion: undefined };
    const { afterRestore } = this.options;
    this.restored = info;
    if (afterRestore) await this.calls.run('afterRestore', () => afterRestore(info));
    this.isOpen = true;
    return info;
  }

  async save(ask: () => CheckpointNotes = () => ({})): Promise<CheckpointInfo> {
    return (await this.keeper('save')).save(ask);
  }

  async rollback({ to }: { readonly to?: number | string } = {}): Promise<CheckpointInfo> {
    return this.back('rollback', (kept) => kept.targetOf(to));
  }

  async undo(): Promise<CheckpointInfo> {
    return this.back('undo', (kept) => kept.before());
  }

  /** Goes back between two calls: what is under way ends before. */
  private async back(verb: string, target: (kept: Kept) => number | string): Promise<CheckpointInfo> {
    const kept = await this.keeper(verb);
    for (let turn = currentTurn(); turn; turn = turn.parent) {
      if (turn.owner === this.holder && turn.isOpen)
        throw this.refused(verb, `${turn.chain} is under way, which calls it`, 'Throw, and what the call wrote is taken back.');
    }
    return this.calls.run(verb, () => kept.goBack(target));
  }

  async history(): Promise<readonly CheckpointInfo[]> {
    return (await this.keeper('history')).history;
  }

  async savepoint(name: string): Promise<void> {
    await (await this.keeper('savepoint')).savepoint(name);
  }

  async savepoints(): Promise<readonly string[]> {
    return (await this.keeper('savepoints')).savepoints.list();
  }

  async dropSavepoint(name: string): Promise<boolean> {
    return (await this.keeper('dropSavepoint')).savepoints.drop(name);
  }

  private async keeper(verb: string): Promise<Kept> {
    if (!this.kept) throw this.refused(verb, 'it has no store', 'Give it one, and an id: { store, id }.');
    await this.served();
    return this.kept;
  }

  private refused(verb: string, why: string, remedy: string): CheckpointVerbError {
    return new CheckpointVerbError(this.holder.name, verb, why, remedy);
  }

  recoverable(): Recoverable {
    if (this.kept)
      throw this.refused('recoverable', 'its checkpoints are kept in a store, and two would restore it', 'Leave the store out.');
    return (this.given ??= recoverableOf(this.holder, this.id ?? this.holder.name, v8Codec(this.options.types)));
  }

  async stop(): Promise<void> {
    await this.kept?.stop();
  }
}
