import type { Codec } from '../base/codec.js';
import type { Environment } from '../base/environment.js';
import type { Operation } from './definition.js';
import type { History } from './history.js';
import type { Meta } from './meta.js';
import type { PassHost } from './pass-host.js';
import type { Room } from './room.js';
import type { Runtime } from './runtime-types.js';
import type { Around } from './step-call.js';

/** What a run needs of the runtime. */
export interface RunHost {
  readonly runtime: Runtime;
  readonly environment: Environment;
  readonly codecs: readonly Codec[];
  readonly flushMs: number;
  readonly graceMs: number;
  readonly leaseMs: number;
  readonly maxRecoveries: number;
  readonly stopping: boolean;
  readonly alwaysReplay: boolean;
  /** A run is due in this long: the worker shall look then. */
  expect(inMs: number): void;
  /** All interceptors in one, or none. */
  readonly around: Around | undefined;
  operation(name: string): Operation | undefined;
  child: PassHost['child'];
  readonly places: Pick<Room, 'waiting'>;
  /** What has become of the pivots of the children that a run waits for. */
  pivots(history: History): Promise<Meta['pivot']>;
  /** Keeps everybody from going on with a run until a person releases it. */
  hold(saga: string, id: string, why: string): void;
  /** Arguments of a run, as a replay gets them. */
  copied(args: readonly unknown[]): readonly unknown[];
  now(): Promise<number>;
}
