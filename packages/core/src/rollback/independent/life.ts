import { sleep } from '../../base/clock.js';
import type { Timer } from '../../base/clock.js';
import { ConfigurationError, StoreUnavailableError } from '../../base/errors.js';
import { currentScope, runInScope } from '../../base/scope.js';
import type { ChannelItem, Message } from '../channel/entry.js';
import { LineArgumentError } from '../line/errors.js';
import { deliverFrom } from './deliver.js';
import type { Mail } from './deliver.js';
import { GroupMembersError, ProcessEndedError, ProcessFencedError } from './errors.js';
import { begun } from './group.js';
import type { GroupRecord, Recovery, Wish } from './group.js';
import { recoveriesOf, step } from './group-stream.js';
import type { Member } from './member.js';
import type { Postman } from './postman.js';
import { takePart } from './recovery.js';
import { Turns } from './turns.js';
import type { IndependentOptions, Outgoing, Send } from './types.js';
import { Watcher } from './watcher.js';

export interface Settings extends Pick<IndependentOptions, 'receive'> {
  readonly everyMs: number;
  readonly pollMs: number;
  readonly isForced: boolean;
  readonly keepsAll: boolean;
}

/** Work that is running, and the work of another process that it was begun by. */
interface Work {
  readonly of: object;
  readonly outer: Work | undefined;
  isOver: boolean;
}

type Marker = ChannelItem & { readonly kind: 'marker' };

/** One life of a process: one thing at a time, from its opening to its end. */
export class Life {
  ghosts = 0;
  forced = 0;
  /** What to do with signs between the messages. */
  onMarker: (from: string, marker: Marker) => Promise<void> = async () => {};
  /** What else to do after a checkpoint and a look at the group. */
  onLook: () => Promise<void> = async () => {};
  readonly ended: Promise<unknown>;
  readonly #turns = new Turns();
  readonly #over = new AbortController();
  readonly #watcher: Watcher;
  readonly #mail: Mail;
  #end: { readonly error: unknown } | undefined;
  #timer: Timer | undefined;
  #announce!: (error: unknown) => void;

  constructor(
    readonly member: Member,
    readonly postman: Postman,
    readonly settings: Settings,
    /** The last recovery that this life has seen. */
    public epoch: number,
  ) {
    this.ended = new Promise((resolve) => (this.#announce = resolve));
    this.#watcher = new Watcher(member, settings, () => this.onLook());
    this.#mail = {
      before: (message) => this.#before(message),
      receive: ({ id, data }) => this.#vital(() => this.#work((send) => this.settings.receive({ id, from: id.sender, data }, send))),
      marker: (from, marker) => this.#vital(() => this.onMarker(from, marker)),
      ghost: ({ id }) => this.#drop(id),
    };
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  /** Resolves when the group is open and this process stands on the line. */
  async begin(): Promise<void> {
    await this.turn(() => this.#tend());
    this.#schedule();
    void this.#pump();
  }

  /** `work` runs while nothing else does. @throws ProcessEndedError; ConfigurationError from within other work, which it would wait for. */
  async turn<T>(work: () => Promise<T>): Promise<T> {
    this.#checkFree();
    return this.#turns.take(async () => {
      if (this.isOver) throw new ProcessEndedError(this.member.id, this.#end?.error);
      return work();
    });
  }

  #checkFree(): void {
    for (let work = currentScope()?.work as Work | undefined; work; work = work.outer) {
      if (work.of !== this || work.isOver) continue;
      const subject = `The process "${this.member.id}" of "${this.member.group}"`;
      const cause = 'its own work asks it for something, and would wait for itself.';
      throw new ConfigurationError([{ subject, cause, remedy: 'Ask for it when the work, or the handler, has ended.' }]);
    }
  }

  run<T>(work: (send: Send) => T | Promise<T>): Promise<T> {
    return this.turn(() => this.#work(work));
  }

  checkpoint(pin?: string): Promise<number> {
    return this.turn(() => this.take(pin));
  }

  /** A checkpoint of its own accord. Only within a turn. */
  async take(pin?: string): Promise<number> {
    const { number } = await this.#vital(() => this.member.checkpoint(this.member.present.index + 1, pin));
    void this.#watcher.look();
    return number;
  }

  /** Lets the group go back without a failure. */
  ask(wish: Wish): Promise<Recovery> {
    return this.turn(async () => {
      const { store, group, environment, stream } = this.member;
      const own = wish.to[this.member.id];
      if (own !== undefined && !stream.record.checkpoints.some(({ number }) => number === own)) {
        throw new LineArgumentError(`"${this.member.id}" has no checkpoint ${own}.`, { process: this.member.id, number: own });
      }
      const next = (now: GroupRecord) => (now.phase === 'open' ? { group: begun(now, [], wish) } : undefined);
      let record = await step(store, group, { key: `wish:${environment.random.word()}`, next });
      // Beside a recovery that has begun already it has to wait.
      while (record.wish?.by !== wish.by && !this.isOver) {
        await this.#tend();
        record = await step(store, group, { key: `wish:${environment.random.word()}`, next });
      }
      await this.#tend();
      const recovery = (await recoveriesOf(store, group)).find(({ epoch }) => epoch >= record.epoch);
      if (!recovery) throw new ProcessEndedError(this.member.id, this.#end?.error);
      return recovery;
    });
  }

  /** A last checkpoint, then the end. */
  async stop(): Promise<void> {
    this.#checkFree();
    if (!this.isOver) this.#over.abort();
    await this.#turns.take(async () => {
      // Who has told others what it has takes no checkpoint until the group is open again.
      if (!this.#end && this.member.stream.record.answered === this.member.stream.record.applied) {
        await this.#vital(() => this.member.checkpoint(this.member.present.index + 1)).catch(() => {});
      }
      this.#finish(undefined);
    });
    await this.#watcher.rest();
  }

  #finish(error: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    this.#over.abort();
    this.#timer?.cancel();
    this.#announce(error);
    this.member.tell('process.ended', { error });
  }

  /** What must not fail: the state or the store is in doubt then, and this life ends. */
  async #vital<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#finish(error);
      throw error;
    }
  }

  /** What is sent leaves when the work has ended well. */
  async #work<T>(work: (send: Send) => T | Promise<T>): Promise<T> {
    const outgoing: Outgoing[] = [];
    const scope = currentScope();
    const own: Work = { of: this, outer: scope?.work as Work | undefined, isOver: false };
    const send: Send = (to, data) => {
      const { id, group } = this.member;
      if (own.isOver) throw new ProcessEndedError(id, 'the work that was given this "send" has ended');
      if (!this.postman.to(to)) throw new GroupMembersError(group, [id, ...this.postman.others], `"${id}" cannot send to "${to}"`);
      outgoing.push({ to, data });
    };
    let value: T;
    try {
      value = await runInScope({ ...scope, work: own }, () => work(send));
    } finally {
      own.isOver = true;
    }
    await this.#vital(() => this.postman.send(outgoing));
    return value;
  }

  /** A message that would make a checkpoint useless is delivered behind a new one. */
  async #before({ notes }: Message): Promise<void> {
    const index = notes['index'] ?? 0;
    if (!this.settings.isForced || index <= this.member.present.index) return;
    await this.#vital(() => this.member.checkpoint(index));
    this.forced += 1;
  }

  #drop(id: Message['id']): void {
    this.ghosts += 1;
    this.member.tell('message.ghost', { id });
  }

  async #pump(): Promise<void> {
    while (!this.isOver) {
      const wasBusy = await this.turn(() => this.#cycle()).catch((error: unknown) => this.#meet(error));
      const { clock } = this.member.environment;
      if (!wasBusy) await sleep(clock, this.settings.pollMs, this.#over.signal, true);
      // A store in memory answers within the same turn of the event loop: others must get theirs.
      else await new Promise<void>((resolve) => clock.nextTurn(resolve));
    }
  }

  #meet(error: unknown): false {
    if (error instanceof StoreUnavailableError) this.member.tell('process.waiting', { error });
    else if (!this.isOver) this.#finish(error);
    return false;
  }

  /** Recoveries first, then the mail. Answers whether there was any. */
  async #cycle(): Promise<boolean> {
    const group = await this.#tend();
    let wasBusy = false;
    for (const from of group ? this.postman.others : []) {
      if (group && (await deliverFrom(this.member, group, from, this.#mail))) wasBusy = true;
    }
    return wasBusy;
  }

  async #tend(): Promise<GroupRecord | undefined> {
    const group = await this.#vital(() => takePart(this.member, () => this.isOver));
    if (!group || group.epoch === this.epoch) return group;
    // The group has recovered without this life: there is another one.
    if (this.member.stream.record.applied < group.epoch) return this.#vital(() => Promise.reject(new ProcessFencedError(this.member.id)));
    this.epoch = group.epoch;
    this.member.tell('group.recovered', { epoch: group.epoch });
    return group;
  }

  /** The next one is due when the last one is done. */
  #schedule(): void {
    if (this.isOver || this.settings.everyMs === Infinity) return;
    const due = (): void =>
      void this.checkpoint().then(
        () => this.#schedule(),
        () => {},
      );
    this.#timer = this.member.environment.clock.setTimer(this.settings.everyMs, due, { background: true });
  }
}
