import type { Entry } from '../../base/store.js';
import type { ReplayMode } from './types.js';

/** The incarnation that wrote an entry: keys begin with it. */
export function writerOf({ key }: Pick<Entry, 'key'>): number {
  return Number.parseInt(key, 10);
}

/**
 * Looks at the entries of a log in their order, and tells those of a writer after another one had taken over. A store with a fence
 * holds none; a copy or a merge of two stores may (the replay filter of Akka and Pekko Persistence).
 */
export class ReplayFilter {
  private newest = 0;

  constructor(
    private readonly mode: ReplayMode,
    private readonly onStale: (entry: Entry, newest: number) => void,
  ) {}

  /** Whether the entry is to be replayed. @throws what `onStale` throws, in the mode `fail`. */
  takes(entry: Entry): boolean {
    if (this.mode === 'off') return true;
    const writer = writerOf(entry);
    if (writer >= this.newest) {
      this.newest = writer;
      return true;
    }
    this.onStale(entry, this.newest);
    return this.mode === 'warn';
  }
}
