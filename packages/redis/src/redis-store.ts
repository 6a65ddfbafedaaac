import { checkChange, checkClaim, checkLease, checkQuery, ConflictError, StoreError, systemRandom } from '@redress/core';
import type {
  Change,
  Claim,
  Commit,
  Durability,
  Entry,
  Expectation,
  Head,
  Loaded,
  News as Told,
  Page,
  Query,
  Random,
  Renewal,
  Store,
  Topic,
  Watch,
} from '@redress/core';
import { Batch } from './batch.js';
import type { Verdict } from './batch.js';
import { claim, dueIn, renew } from './claim.js';
import { headOf, isSeen, judge, members, nothingYet, plan, prepare, readRefusal } from './commit.js';
import type { Prepared } from './commit.js';
import { guardOf, handedOut, unpackHead } from './head.js';
import type { Known } from './head.js';
import { KnownHeads } from './known.js';
import { pairOf } from './layout.js';
import type { News } from './news.js';
import { open } from './open.js';
import type { Opened } from './open.js';
import { checkOptions } from './options.js';
import type { RedisConnection, RedisStoreOptions } from './options.js';
import { scan } from './scan.js';
import { DROP, LOAD, NOW } from './script.js';
import type { Space } from './space.js';
import { nameIn, nameOut, unpack } from './text.js';
import type { Reply } from './wire.js';

/**
 * A store on a Redis server or a Redis Cluster, shared by as many processes as one likes. It is opened when the server was
 * looked at: its durability is what the server's settings give, unless `durability` asks for less.
 * @throws ConfigurationError with all problems at once: `CONFIG_STORE_OPTIONS` when an option is not of its form; when one
 *   thing is wrong with the server its own code, else `CONFIG_STORE_SERVER` with the codes in `details.codes`.
 * @throws StoreUnavailableError when the server cannot be reached.
 */
export async function redisStore(connection: RedisConnection, options: RedisStoreOptions = {}): Promise<Store> {
  checkOptions(connection, options);
  return new RedisStore(await open(connection, options), options.random ?? systemRandom());
}

class RedisStore implements Store {
  readonly durability: Durability;
  readonly #space: Space;
  readonly #news: News;
  readonly #release: () => Promise<void>;
  readonly #random: Pick<Random, 'word'>;
  readonly #known = new KnownHeads();
  readonly #batch: Batch;
  /** How many verbs are under way, and who waits for their end. */
  #busy = 0;
  #idle: () => void = () => {};
  #closing: Promise<void> | undefined;

  constructor({ space, news, commits, durability, release }: Opened, random: Pick<Random, 'word'>) {
    this.#space = space;
    this.#batch = new Batch(space, commits);
    this.#news = news;
    this.durability = durability;
    this.#release = release;
    this.#random = random;
  }

  async load(id: string, page: { readonly from?: number; readonly limit?: number } = {}): Promise<Loaded | undefined> {
    return this.#do(async () => {
      const partition = this.#space.partition(id);
      const args = [Math.max(page.from ?? 0, 0), page.limit ?? ''];
      const reply = await this.#space.run(LOAD, partition, [partition.stream(id)], args);
      if (reply === null) return undefined;
      const [h, w, m, from, ...entries] = reply as readonly [Buffer, Buffer, Buffer, Buffer, ...Buffer[]];
      const known = unpackHead(id, [h, w, m]);
      this.#known.put(known);
      const first = Number(from.toString());
      return { head: handedOut(known.head), entries: entries.map((entry, i) => this.#entry(first + i, entry)) };
    });
  }

  commit(change: Change): Promise<Commit> {
    if (this.#closing) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#busy += 1;
      const refuse = (error: unknown): void => {
        this.#ended();
        reject(error as Error);
      };
      try {
        checkChange(change);
        const prepared = prepare(change);
        this.#commit(prepared, this.#before(prepared), refuse, (commit) => {
          this.#ended();
          resolve(commit);
        });
      } catch (error) {
        refuse(error);
      }
    });
  }

  async claim(wanted: Claim): Promise<readonly Head[]> {
    return this.#do(async () => {
      checkClaim(wanted);
      const { kinds, names } = wanted;
      const kept = { ...wanted, kinds: [...kinds], ...(names && { names: [...names] }) };
      const taken = await claim(this.#space, kept, () => this.#random.word());
      for (const known of taken) this.#known.put(known);
      return taken.map(({ head }) => handedOut(head));
    });
  }

  async renew(owner: string, ids: readonly string[], leaseMs: number): Promise<readonly Renewal[]> {
    return this.#do(async () => {
      checkLease(leaseMs);
      const kept = [...ids];
      const pairOfId = (id: string): string => {
        const head = this.#known.get(id)?.head;
        return head ? pairOf(head.kind, head.name) : '';
      };
      const renewals = await renew(this.#space, owner, kept, leaseMs, pairOfId);
      return kept.map((id) => ({ ...(renewals.get(id) as Renewal) }));
    });
  }

  async scan(query: Query): Promise<Page> {
    return this.#do(async () => scan(this.#space, query, checkQuery(query)));
  }

  async drop(id: string, expected: Exclude<Expectation, 'absent'>): Promise<boolean> {
    return this.#do(async () => {
      const expect = { version: expected.version, stamp: expected.stamp };
      const partition = this.#space.partition(id);
      const remembered = this.#known.get(id);
      // The head tells where the stream is found; whether it may be dropped is judged by the script.
      const known = remembered && isSeen(remembered, expect) ? remembered : await this.#look(id);
      if (!known) return false;
      const keys = [partition.stream(id), partition.record, partition.due(pairOf(known.head.kind, known.head.name)), partition.index];
      const args = [guardOf(expect), this.#space.floor, nameIn(id), ...members(known.head)];
      const reply = await this.#space.run(DROP, partition, keys, args);
      this.#known.forget(id);
      if (typeof reply === 'number') return reply === 1;
      throw new ConflictError(id, 'version', { version: Number.parseInt((reply as Buffer).toString(), 10) });
    });
  }

  async now(): Promise<number> {
    return this.#do(async () => {
      await Promise.all(
        this.#space.groups().map(async (partitions) => {
          const records = partitions.map(({ record }) => record);
          this.#space.saw(await this.#space.run(NOW, partitions[0], records, [this.#space.floor]));
        }),
      );
      return this.#space.floor;
    });
  }

  watch(topic: Topic, heard: (news?: Told) => void): Watch {
    if (this.#closing) throw closed();
    return this.#news.watch(topic, heard);
  }

  async dueIn(wanted: Pick<Claim, 'kinds' | 'names'>): Promise<number | null> {
    return this.#do(() => dueIn(this.#space, wanted));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#news.close();
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
      if (this.#busy === 0) resolve();
    });
    await this.#release();
  }

  /** What the writer of a change has seen, as far as it is remembered here. */
  #before({ id, expect, create }: Prepared): Known | undefined {
    if (expect === 'absent') return nothingYet(id, create ?? { kind: '', name: '' });
    const known = this.#known.get(id);
    return known && isSeen(known, expect) ? known : undefined;
  }

  /** A head that is not remembered here costs a second exchange: the first one shows it. */
  #commit(prepared: Prepared, before: Known | undefined, reject: (error: unknown) => void, resolve: (commit: Commit) => void): void {
    const { id } = prepared;
    const partition = this.#space.partition(id);
    const planned = plan(prepared, this.#random.word(), before, this.#news.voice);
    const answer = (verdict: Verdict): void => {
      try {
        if (verdict.wake !== undefined) return resolve(this.#applied(headOf(planned, verdict.wake), before));
        const refusal = readRefusal(id, verdict);
        if (refusal.there) this.#known.put(refusal.there);
        const judgement = judge(prepared, refusal);
        if (judgement) resolve(judgement);
        else this.#commit(prepared, refusal.there, reject, resolve);
      } catch (error) {
        reject(error);
      }
    };
    const due = planned.pair === undefined ? undefined : partition.due(planned.pair);
    this.#batch.add({ partition, key: partition.stream(id), due, args: planned.args, answer, refuse: reject });
  }

  #applied(known: Known, before: Known | undefined): Commit {
    // Who gives a stream away writes no more to it: to remember all that has ended costs more than it saves. One that nobody ever holds,
    // such as a register, is written to again.
    const isShared = before !== undefined && before.head.version > 0 && before.head.owner === null;
    if (known.head.owner === null && !isShared) this.#known.forget(known.head.id);
    else this.#known.put(known);
    return { head: handedOut(known.head), applied: true };
  }

  async #look(id: string): Promise<Known | undefined> {
    const partition = this.#space.partition(id);
    const reply = await this.#space.run(LOAD, partition, [partition.stream(id)], [0, 0]);
    if (reply === null) return undefined;
    const [h, w, m] = reply as readonly Reply[];
    return unpackHead(id, [h as Buffer, w as Buffer, m as Buffer]);
  }

  #entry(index: number, stored: Buffer): Entry {
    const type = stored.indexOf(0);
    const key = stored.indexOf(0, type + 1);
    const data = stored.indexOf(0, key + 1);
    const at = this.#space.saw(Number(stored.toString('latin1', 0, type)));
    const name = (from: number, to: number): string => nameOut(stored.toString('utf8', from + 1, to));
    return { index, key: name(key, data), type: name(type, key), data: unpack(stored.subarray(data + 1)), at };
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) throw closed();
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#ended();
    }
  }

  #ended(): void {
    this.#busy -= 1;
    if (this.#busy === 0) this.#idle();
  }
}

function closed(): StoreError {
  return new StoreError('STORE_CLOSED', 'The store on Redis was closed; open it again.');
}
