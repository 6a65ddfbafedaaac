import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { ConflictError, StoreRegressionError, StoreUnavailableError } from '../../base/errors.js';
import type { Change, Data, Head, NewEntry, Store } from '../../base/store.js';
import type { ProcessId } from '../words.js';
import { ProcessFencedError } from './errors.js';
import { PROCESS, processStream, recordOf } from './records.js';
import type { ProcessRecord } from './records.js';

const TRIES = 5;
const PAUSE_MS = 20;

/** The stream of one process, held by one life of it: states and records, each pair in one commit. */
export class ProcessStream {
  #record: ProcessRecord;

  private constructor(
    private readonly environment: Environment,
    private readonly store: Store,
    readonly process: ProcessId,
    private readonly life: string,
    private head: Head,
  ) {
    this.#record = recordOf(head);
  }

  /** Takes the stream over; what earlier lives write is refused from now on. Makes it with checkpoint 0 where there is none. */
  static async open(
    environment: Environment,
    store: Store,
    group: string,
    process: ProcessId,
    initial: () => Data,
  ): Promise<{ stream: ProcessStream; isNew: boolean }> {
    const id = processStream(group, process);
    const life = environment.random.word();
    for (;;) {
      const head = (await store.load(id, { limit: 0 }))?.head;
      try {
        const change: Change = head
          ? {
              id,
              expect: { version: head.version, stamp: head.stamp },
              entries: [{ key: `life:${life}`, type: 'process.opened', data: '' }],
              head: { owner: life },
            }
          : first(id, group, process, life, initial(), environment.clock.now());
        const commit = await store.commit(change);
        // Another first life may have written the very same state.
        if (commit.head.owner === life) return { stream: new ProcessStream(environment, store, process, life, commit.head), isNew: !head };
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
      }
    }
  }

  get record(): ProcessRecord {
    return this.#record;
  }

  /** The index of the next entry. */
  get length(): number {
    return this.head.length;
  }

  get word(): string {
    return this.life;
  }

  /**
   * Writes an entry together with the record. Repeated while the store does not answer: the key makes that harmless.
   * @throws ProcessFencedError, StoreRegressionError, StoreUnavailableError
   */
  async write(entry: NewEntry, record: ProcessRecord, trimTo?: number): Promise<void> {
    const { id, version, stamp } = this.head;
    const change: Change = {
      id,
      expect: { version, stamp },
      entries: [entry],
      head: { meta: JSON.stringify(record) },
      ...(trimTo === undefined ? {} : { trimTo }),
    };
    for (let tries = 1; ; tries++) {
      try {
        const { head } = await this.store.commit(change);
        if (head.owner !== this.life) throw new ProcessFencedError(this.process);
        this.head = head;
        this.#record = recordOf(head);
        return;
      } catch (error) {
        if (error instanceof ConflictError) throw await this.#refusal(error);
        if (!(error instanceof StoreUnavailableError) || tries >= TRIES) throw error;
        await sleep(this.environment.clock, PAUSE_MS * 2 ** tries);
      }
    }
  }

  /** The state of a checkpoint. */
  async state(entry: number): Promise<Data> {
    const found = (await this.store.load(this.head.id, { from: entry, limit: 1 }))?.entries[0];
    if (found?.index !== entry) throw new StoreRegressionError(this.head.id, this.head.version, found?.index ?? 0);
    return found.data;
  }

  async #refusal(error: ConflictError): Promise<unknown> {
    const head = (await this.store.load(this.head.id, { limit: 0 }))?.head;
    if (!head || head.version < this.head.version) return new StoreRegressionError(this.head.id, this.head.version, head?.version ?? 0);
    return head.owner === this.life ? error : new ProcessFencedError(this.process);
  }
}

function first(id: string, group: string, process: ProcessId, life: string, data: Data, takenAt: number): Change {
  const initial = { number: 0, entry: 0, index: 0, takenAt, received: {}, positions: {}, sequence: 0 };
  const record: ProcessRecord = {
    process,
    incarnation: 0,
    checkpoints: [initial],
    pinned: {},
    highest: 0,
    applied: 0,
    answered: 0,
    open: {},
  };
  return {
    id,
    expect: 'absent',
    create: { kind: PROCESS, name: group },
    entries: [{ key: 'checkpoint:0', type: 'checkpoint.taken', data }],
    head: { owner: life, meta: JSON.stringify(record) },
  };
}
