import { StoreUnavailableError } from '@redress/core';
import { Command } from 'ioredis';
import type { Cluster, Redis } from 'ioredis';
import { Lane } from './lane.js';
import type { Partition } from './layout.js';
import { unavailable } from './refusal.js';
import type { Script } from './lua.js';
import type { Wait } from './wait.js';
import type { Argument, Reply } from './wire.js';

/** A lane that has failed is believed for so long, so that many commits do not open as many connections. */
const FAILED_MS = 50;
/** A slot that is found elsewhere again and again is given up after so many. */
const MOST_MOVES = 2;

/** What runs a script that writes: the ordinary way, or the one on which it waits for others. */
export interface Scripts {
  run(script: Script, partition: Partition, keys: readonly string[], args: readonly Argument[]): Promise<Reply>;
}

/**
 * The ways on which commits wait: a connection of its own to each master, beside the ordinary one, on which loads, claims and
 * heart-beats are not held up.
 */
export class Lanes implements Scripts {
  readonly wait: Wait;
  readonly #client: Redis | Cluster;
  readonly #timeoutMs: number;
  readonly #lanes = new Map<Redis, Lane>();
  #closed = false;

  constructor(client: Redis | Cluster, wait: Wait, timeoutMs: number) {
    this.#client = client;
    this.wait = wait;
    this.#timeoutMs = timeoutMs;
  }

  /** Answered when those that were asked for have what the script wrote. @throws StoreUnavailableError when that is not known. */
  run(script: Script, partition: Partition, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    const rest = [keys.length, ...keys, ...args];
    return new Promise<Reply>((answer, refuse) => {
      const sentence = `Redis gave no answer within ${this.#timeoutMs} ms, so it is not known what was written; try again.`;
      const limit = setTimeout(() => refuse(new StoreUnavailableError(sentence)), this.#timeoutMs);
      const end =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(limit);
          settle(value);
        };
      let moves = 0;
      const task = {
        call: ['evalsha', script.digest, ...rest] as const,
        whole: ['eval', script.source, ...rest] as const,
        record: partition.record,
        answer: end(answer),
        refuse: end(refuse),
        moved: (error: Error): void => {
          if (moves === MOST_MOVES) return task.refuse(unavailable(error));
          moves += 1;
          void this.#refresh().then(send);
        },
      };
      const send = (): void => {
        // One that was moved while the store was closed would open a connection that nobody closes.
        if (this.#closed) return task.refuse(unavailable(new Error('the store was closed')));
        const lane = this.#laneOf(partition);
        if (lane) lane.add(task);
        else task.moved(new Error('CLUSTERDOWN no master of the slot is known'));
      };
      send();
    });
  }

  /** One lane for each master that holds partitions, with one of them. */
  open(partitions: readonly Partition[]): readonly { readonly node: Redis; readonly lane: Lane; readonly partition: Partition }[] {
    const nodes = new Map<Redis, Partition>();
    for (const partition of partitions) {
      const node = this.#nodeOf(partition);
      if (node && !nodes.has(node)) nodes.set(node, partition);
    }
    return [...nodes].map(([node, partition]) => ({ node, partition, lane: this.#lane(node) }));
  }

  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes.values()) lane.end(new Error('the store was closed'));
  }

  #laneOf(partition: Partition): Lane | undefined {
    const node = this.#nodeOf(partition);
    return node && this.#lane(node);
  }

  #lane(node: Redis): Lane {
    const there = this.#lanes.get(node);
    if (there) return there;
    const { keyPrefix } = this.#client.options as { readonly keyPrefix?: string };
    const lane: Lane = new Lane(node, { wait: this.wait, timeoutMs: this.#timeoutMs, keyPrefix }, () => {
      const forget = (): void => {
        if (this.#lanes.get(node) === lane) this.#lanes.delete(node);
      };
      if (this.#closed) forget();
      else setTimeout(forget, FAILED_MS).unref();
    });
    this.#lanes.set(node, lane);
    return lane;
  }

  /** The connection of the application to the master of a partition; the lane is made in its likeness. */
  #nodeOf({ record }: Partition): Redis | undefined {
    if (!this.#client.isCluster) return this.#client as Redis;
    const cluster = this.#client as Cluster;
    const { keyPrefix = '' } = cluster.options as { readonly keyPrefix?: string };
    const slot = new Command('get', [keyPrefix + record]).getSlot();
    const [master] = (slot === null ? undefined : cluster.slots[slot]) ?? [];
    return cluster.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === master);
  }

  async #refresh(): Promise<void> {
    if (!this.#client.isCluster) return;
    const cluster = this.#client as Cluster;
    await new Promise<void>((resolve) => cluster.refreshSlotsCache(() => resolve()));
    const masters = new Set(cluster.nodes('master'));
    for (const [node, lane] of this.#lanes) if (!masters.has(node)) lane.end(new Error('the node is no master any more'));
  }
}
