import type { News as Told, Topic, Watch } from '@redress/core';
import type { Cluster, Redis } from 'ioredis';
import { Lines } from './lines.js';
import { refusalOf } from './refusal.js';
import { TELL } from './script.js';
import type { Space } from './space.js';
import { nameOut } from './text.js';

/** How a script tells the news: sharded where the server can, else to the whole cluster; or not at all. */
export type Voice = 'SPUBLISH' | 'PUBLISH' | '';

interface Listener {
  readonly channels: readonly string[];
  readonly kind: string | undefined;
  readonly heard: (news?: Told) => void;
}

/**
 * News of commits, by pub/sub. The script of a commit that leaves a stream without an owner tells it on the channel that is
 * called as the stream's key; and, when it is due soon, on that of the partition's record, with its moment, kind and name.
 * Whoever may not use channels, or whose connection is lost, hears nothing: that is what `live` says.
 */
export class News {
  readonly #space: Space;
  /** How the script of a commit is to tell it. */
  readonly voice: Voice;
  readonly #prefix: string;
  readonly #lines: Lines;
  readonly #listeners = new Map<string, Set<Listener>>();
  #closed = false;

  private constructor(space: Space, client: Redis | Cluster, voice: Voice, timeoutMs: number) {
    this.#space = space;
    this.voice = voice;
    this.#prefix = (client.options as { readonly keyPrefix?: string | Buffer }).keyPrefix?.toString() ?? '';
    this.#lines = new Lines(client, voice === 'SPUBLISH', timeoutMs, {
      message: (channel, text) => this.#message(channel, text),
      changed: (channels) => this.#changed(channels),
    });
  }

  /** Finds out how news can be told here. */
  static async open(space: Space, client: Redis | Cluster, timeoutMs: number): Promise<News> {
    const [first] = space.partitions;
    for (const voice of client.isCluster ? (['SPUBLISH', 'PUBLISH'] as const) : (['PUBLISH'] as const)) {
      const error: unknown = await space.run(TELL, first, [first?.record ?? ''], [voice]).then(
        () => undefined,
        (thrown: unknown) => (thrown as Error).cause ?? thrown,
      );
      if (refusalOf(error) === 'NOPERM') return new News(space, client, '', timeoutMs);
      // One that does not answer now is asked to tell all the same: it does no harm.
      if (!(error instanceof Error && /unknown/i.test(error.message))) return new News(space, client, voice, timeoutMs);
    }
    return new News(space, client, '', timeoutMs);
  }

  watch(topic: Topic, heard: Listener['heard']): Watch {
    if (this.voice === '') return { live: false, stop() {} };
    const keys = 'id' in topic ? [this.#space.partition(topic.id).stream(topic.id)] : this.#space.partitions.map(({ record }) => record);
    const listener = { channels: keys.map((key) => this.#prefix + key), kind: 'kind' in topic ? topic.kind : undefined, heard };
    for (const channel of listener.channels) this.#add(channel, listener);
    const isLive = (): boolean => !this.#closed && listener.channels.every((channel) => this.#lines.hears(channel));
    // Others listen there already: what was told until now, this one has not heard.
    if (isLive()) setImmediate(() => this.#tell(listener));
    return {
      get live() {
        return isLive();
      },
      stop: () => {
        for (const channel of listener.channels) this.#remove(channel, listener);
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#lines.close();
  }

  #add(channel: string, listener: Listener): void {
    const there = this.#listeners.get(channel);
    if (there) return void there.add(listener);
    this.#listeners.set(channel, new Set([listener]));
    this.#lines.want(channel);
  }

  #remove(channel: string, listener: Listener): void {
    const there = this.#listeners.get(channel);
    if (!there?.delete(listener) || there.size > 0) return;
    this.#listeners.delete(channel);
    this.#lines.unwant(channel);
  }

  #message(channel: string, text: string): void {
    const listeners = [...(this.#listeners.get(channel) ?? [])];
    const [inMs, kind = '', name = ''] = text.split('\0');
    for (const listener of listeners) {
      if (listener.kind === undefined) this.#tell(listener);
      else if (listener.kind === nameOut(kind)) this.#tell(listener, { name: nameOut(name), inMs: Number(inMs) });
    }
  }

  /** Told when the last of its channels is listened to, and when the first is not any more. */
  #changed(channels: readonly string[]): void {
    const heard = channels.length > 0 && this.#lines.hears(channels[0] as string);
    for (const listener of new Set(channels.flatMap((channel) => [...(this.#listeners.get(channel) ?? [])]))) {
      if (!heard || listener.channels.every((channel) => this.#lines.hears(channel))) this.#tell(listener);
    }
  }

  #tell(listener: Listener, news?: Told): void {
    if (!this.#closed && this.#listeners.get(listener.channels[0] as string)?.has(listener)) listener.heard(news);
  }
}
