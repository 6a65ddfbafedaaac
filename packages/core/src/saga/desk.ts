import type { Codec } from '../base/codec.js';
import type { Environment } from '../base/environment.js';
import type { Store } from '../base/store.js';

/** What all runs of a runtime share. */
export interface Desk {
  readonly store: Store;
  readonly environment: Environment;
  /** The codec that writes, then those that only read. */
  readonly codecs: readonly Codec[];
  readonly owner: string;
  readonly leaseMs: number;
  /** How long a run of the saga is kept after its end, in milliseconds; undefined: until it is purged. */
  readonly retentionOf: (saga: string, version?: number) => number | undefined;
}

/** Id of the stream of a run. */
export function streamOf(saga: string, id: string): string {
  return `${saga}/${id}`;
}
