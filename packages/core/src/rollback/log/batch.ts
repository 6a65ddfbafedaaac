import type { Data, HeadPatch, NewEntry } from '../../base/store.js';

/** So many records share an entry, */
const MOST_RECORDS = 128;
/** and so many characters; a commit takes four times as many. */
const MOST_LENGTH = 256 * 1024;
const MOST_PER_COMMIT = 4_096;

/** What one commit appends beside records, made when it is known at which index. */
export type Extra = (index: number) => {
  readonly entries: readonly Omit<NewEntry, 'key'>[];
  readonly head?: HeadPatch;
  readonly trimTo?: number;
};

let made = 0;

/** What one commit writes. */
export class Batch {
  /** Those made later are written later. */
  readonly number = ++made;
  /** See `Pen.mark`. */
  upTo: number | undefined;
  readonly records: Data[] = [];
  private length = 0;
  /** Index of its first entry, once it is written. */
  index: number | undefined;
  /** Fulfilled when it is durable. */
  readonly written: Promise<void>;
  settle!: () => void;
  fail!: (error: unknown) => void;
  isWritten = false;

  constructor(readonly extra?: Extra) {
    this.written = new Promise((resolve, reject) => {
      this.settle = () => {
        this.isWritten = true;
        resolve();
      };
      this.fail = reject;
    });
    // Whoever waits for it is told; nobody has to.
    this.written.catch(() => {});
  }

  /** The one of the two that is durable later. */
  static later(a: Batch, b: Batch | undefined): Batch {
    return b && b.number > a.number ? b : a;
  }

  get isFull(): boolean {
    return this.records.length >= MOST_PER_COMMIT || this.length >= 4 * MOST_LENGTH;
  }

  add(record: Data): void {
    this.records.push(record);
    this.length += record.length;
  }

  /** Its records by entries. */
  groups(): Data[][] {
    const groups: Data[][] = [];
    let group: Data[] = [];
    let length = 0;
    for (const record of this.records) {
      if (group.length === MOST_RECORDS || (group.length > 0 && length + record.length > MOST_LENGTH)) {
        groups.push(group);
        group = [];
        length = 0;
      }
      group.push(record);
      length += record.length;
    }
    if (group.length > 0) groups.push(group);
    return groups;
  }
}
