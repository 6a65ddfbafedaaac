import type { Redis } from 'ioredis';
import { refusalOf } from './refusal.js';

/** What a connection that listens tells. */
export interface LineEvents {
  message(channel: string, text: string): void;
  /** These are listened to now. */
  begun(channels: readonly string[]): void;
  /** Told once: nothing is heard here any more. The line is closed. */
  lost(error: unknown): void;
}

/** Silence is looked into so often: a connection that was cut without a word would be believed for ever. */
const PING_MS = 15_000;

/** One connection that only listens, for one life: when it is lost, another one is made. It keeps no process alive. */
export class Line {
  /** The channels that are listened to. */
  readonly heard = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #redis: Redis;
  readonly #isSharded: boolean;
  readonly #events: LineEvents;
  readonly #pings: ReturnType<typeof setInterval>;
  #closed = false;

  /** `redis` is not connected yet, and connects once. `timeoutMs`: for an answer to a ping. */
  constructor(redis: Redis, isSharded: boolean, timeoutMs: number, events: LineEvents) {
    this.#redis = redis;
    this.#isSharded = isSharded;
    this.#events = events;
    redis.on(isSharded ? 'smessage' : 'message', (channel: string, text: string) => {
      if (!this.#closed) events.message(channel, text);
    });
    redis.on('connect', () => redis.stream.unref());
    redis.on('error', (error: unknown) => this.#lose(error));
    redis.on('end', () => this.#lose(undefined));
    // The server has taken a channel away, for its slot lies elsewhere now.
    redis.on('moved', () => this.#lose(undefined));
    this.#pings = setInterval(() => this.#ping(timeoutMs), PING_MS).unref();
    redis.connect().catch((error: unknown) => this.#lose(error));
  }

  /** Listens to these and to no others. `slotOf`: channels of different slots are not asked for in one command. */
  listen(channels: ReadonlySet<string>, slotOf: (channel: string) => number): void {
    const gone = [...this.#asked].filter((channel) => !channels.has(channel));
    this.change([...channels], gone, slotOf);
  }

  /** Listens to some more, and to some no longer. */
  change(more: readonly string[], gone: readonly string[], slotOf: (channel: string) => number): void {
    const left = gone.filter((channel) => this.#asked.has(channel));
    const begun = more.filter((channel) => !this.#asked.has(channel));
    for (const some of groups(left, slotOf)) {
      for (const channel of some) {
        this.#asked.delete(channel);
        this.heard.delete(channel);
      }
      this.#send('unsubscribe', some, () => {});
    }
    for (const some of groups(begun, slotOf)) {
      for (const channel of some) this.#asked.add(channel);
      this.#send('subscribe', some, () => {
        // Whatever was asked for anew since then is answered anew.
        const heard = some.filter((channel) => this.#asked.has(channel));
        for (const channel of heard) this.heard.add(channel);
        this.#events.begun(heard);
      });
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#pings);
    this.#redis.disconnect();
  }

  #send(verb: 'subscribe' | 'unsubscribe', channels: readonly string[], done: () => void): void {
    const name = this.#isSharded ? (`s${verb}` as const) : verb;
    this.#redis[name](...channels).then(
      () => this.#closed || done(),
      (error: unknown) => this.#lose(error),
    );
  }

  #ping(timeoutMs: number): void {
    const limit = setTimeout(() => this.#lose(undefined), timeoutMs).unref();
    this.#redis.ping().then(
      () => clearTimeout(limit),
      (error: unknown) => {
        clearTimeout(limit);
        // Who may not ask has been answered all the same.
        if (refusalOf(error) !== 'NOPERM') this.#lose(error);
      },
    );
  }

  #lose(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#events.lost(error);
  }
}

function groups(channels: readonly string[], slotOf: (channel: string) => number): Iterable<readonly string[]> {
  const bySlot = new Map<number, string[]>();
  for (const channel of channels) {
    const slot = slotOf(channel);
    const there = bySlot.get(slot);
    if (there) there.push(channel);
    else bySlot.set(slot, [channel]);
  }
  return bySlot.values();
}
