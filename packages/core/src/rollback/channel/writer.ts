import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { ConflictError, InvariantError, StoreRegressionError, StoreUnavailableError } from '../../base/errors.js';
import type { Data, Head, NewEntry, Store } from '../../base/store.js';
import { ChannelDivergedError, ChannelFencedError } from './errors.js';
import { CHANNEL, CREATED, channelStream, markerEntry, messageEntry } from './entry.js';
import type { ChannelAddress, Message } from './entry.js';

/** The sending end of a channel, held by one life of one process. */
export interface ChannelWriter {
  readonly address: ChannelAddress;
  /**
   * Appends after all that was sent before it; resolves when it is durable. Sending a message again is harmless, in this life or a later one.
   * What is sent while a write is under way shares the next one. After an error of the store nothing more is sent: open the
   * channel again, and send again what was not confirmed.
   * @throws ChannelFencedError, ChannelDivergedError, StoreUnavailableError; StoreRegressionError when the store has lost what it had answered.
   */
  send(message: Message): Promise<void>;
  /** Appends a sign, in order with the messages; repeating it is harmless. Answers its position. */
  mark(name: string, data?: Data): Promise<number>;
  /** Resolves when everything was sent, and rejects when something was not. */
  flush(): Promise<void>;
}

interface Waiting {
  readonly entry: NewEntry;
  readonly done: (position: number | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** The most that a store takes in one commit. */
const MOST = 1_000;
const TRIES = 5;
const PAUSE_MS = 20;

/** Opens the sending end; from now on, what earlier lives of the sender send is refused. */
export async function openChannel(environment: Environment, store: Store, address: ChannelAddress): Promise<ChannelWriter> {
  const life = environment.random.word();
  return new Writer(environment, store, address, life, await take(store, channelStream(address), life));
}

async function take(store: Store, id: string, life: string): Promise<Head> {
  for (;;) {
    const head = (await store.load(id, { limit: 0 }))?.head;
    try {
      const change = head
        ? { expect: { version: head.version, stamp: head.stamp }, entries: [] }
        : { expect: 'absent' as const, create: { kind: CHANNEL, name: id }, entries: [{ key: 'created', type: CREATED, data: life }] };
      return (await store.commit({ id, ...change, head: { owner: life } })).head;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

class Writer implements ChannelWriter {
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #broken: { readonly error: unknown } | undefined;

  constructor(
    readonly environment: Environment,
    readonly store: Store,
    readonly address: ChannelAddress,
    readonly life: string,
    private head: Head,
  ) {}

  async send(message: Message): Promise<void> {
    await this.#add(messageEntry(message));
  }

  async mark(name: string, data: Data = ''): Promise<number> {
    const entry = markerEntry(name, data);
    return (await this.#add(entry)) ?? this.#find(entry.key);
  }

  async flush(): Promise<void> {
    await this.#writing;
    if (this.#broken) throw this.#broken.error;
  }

  async #add(entry: NewEntry): Promise<number | undefined> {
    if (this.#broken) throw this.#broken.error;
    return new Promise((done, failed) => {
      this.#queue.push({ entry, done, failed });
      // One write at a time; it begins when this turn has asked for all that it wants to send.
      this.#writing ??= Promise.resolve().then(() => this.#drain());
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#next();
      try {
        await this.#write(batch);
        this.#queue.splice(0, batch.length);
      } catch (error) {
        // A later message must not pass this one.
        this.#broken = { error };
        for (const { failed } of this.#queue.splice(0)) failed(error);
      }
    }
    this.#writing = undefined;
  }

  /** As many as go into one commit, where each key stands once. */
  #next(): readonly Waiting[] {
    const keys = new Set<string>();
    const end = this.#queue.findIndex(({ entry }) => keys.size === MOST || keys.size === keys.add(entry.key).size);
    return end < 0 ? [...this.#queue] : this.#queue.slice(0, end);
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const before = this.head.length;
    try {
      const head = await this.#commit(batch.map(({ entry }) => entry));
      const isNew = head.length === before + batch.length;
      batch.forEach(({ done }, i) => done(isNew ? before + i : undefined));
    } catch (error) {
      if (!(error instanceof ConflictError) || (error.reason !== 'key' && error.reason !== 'trimmed')) throw error;
      await this.#writeEach(batch, error);
    }
  }

  /** Some were sent before, by an earlier life. */
  async #writeEach(batch: readonly Waiting[], refusal: ConflictError): Promise<void> {
    const [first] = batch;
    if (batch.length > 1 || !first) {
      for (const one of batch) await this.#write([one]);
    } else if (refusal.reason === 'trimmed') {
      first.done(undefined);
    } else {
      first.failed(new ChannelDivergedError(channelStream(this.address), first.entry.key));
    }
  }

  async #commit(entries: readonly NewEntry[]): Promise<Head> {
    for (let tries = 1; ; tries++) {
      try {
        const { id, version, stamp } = this.head;
        const { head } = await this.store.commit({ id, expect: { version, stamp }, entries });
        return this.#own(head);
      } catch (error) {
        if (error instanceof ConflictError && error.reason === 'version') await this.#refresh();
        else if (!(error instanceof StoreUnavailableError) || tries >= TRIES) throw error;
        else await sleep(this.environment.clock, PAUSE_MS * 2 ** tries);
      }
    }
  }

  /** Receivers commit here too, to forget what they do not need: the owner tells who may send. */
  async #refresh(): Promise<void> {
    const loaded = await this.store.load(this.head.id, { limit: 0 });
    const { id, length, version } = this.head;
    // What was answered as durable is gone: what comes later must not stand in its place.
    if (!loaded || loaded.head.version < version || loaded.head.length < length)
      throw new StoreRegressionError(id, version, loaded?.head.version ?? 0);
    this.#own({ ...loaded.head, length });
  }

  #own(head: Head): Head {
    if (head.owner !== this.life) throw new ChannelFencedError(head.id);
    this.head = head;
    return head;
  }

  async #find(key: string): Promise<number> {
    const { entries } = (await this.store.load(this.head.id)) ?? { entries: [] };
    const found = entries.find((entry) => entry.key === key);
    if (!found) throw new InvariantError(`"${this.head.id}" has forgotten "${key}", which is being repeated.`);
    return found.index;
  }
}
