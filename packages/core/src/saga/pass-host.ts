import type { Codec } from '../base/codec.js';
import type { Environment } from '../base/environment.js';
import type { Operation, SagaDefinition } from './definition.js';
import type { ReplayMismatchError } from './errors.js';
import type { Runtime, StartOptions } from './runtime-types.js';
import type { Around, Invoke } from './step-call.js';

/** How a body came to its end. */
export type BodyEnd = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** What a pass needs of the run that it belongs to. */
export interface PassHost {
  readonly runtime: Runtime;
  readonly environment: Environment;
  readonly codecs: readonly Codec[];
  readonly flushMs: number;
  readonly graceMs: number;
  readonly around: Around | undefined;
  /** No step is started any more. */
  readonly stopping: boolean;
  operation(name: string): Operation | undefined;
  /** A saga as a step. `onPivot`: its pivot has passed, which is then this run's. */
  child(saga: SagaDefinition, body: StartOptions['body'], onPivot: () => void): { readonly operation: Operation; readonly invoke: Invoke };
  /** The body threw, or returned and all its steps have settled. */
  onBodyEnd(end: BodyEnd): void;
  /** The runtime is stopping, and no step runs. */
  onQuiet(): void;
  onWriteFailed(error: unknown): void;
  onMismatch(error: ReplayMismatchError): void;
  /** Everything that the body waits for is durable: nobody need be here. `wakeMs`: when the first wait ends by itself. */
  onParked(wakeMs: number | undefined): void;
  /** A step can neither stand nor be repeated; undefined: the body failed after the pivot. */
  onStuck(n: number, error: unknown): void;
  /** The outcome of a pivot is known. `then`: goes on with what waited for it. */
  onPivot(then: () => void): void;
}
