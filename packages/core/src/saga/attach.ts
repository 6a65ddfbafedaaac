import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../base/codec.js';
import type { Store } from '../base/store.js';
import { OwnershipLostError, RuntimeStoppedError, SagaIdConflictError } from './errors.js';
import { History } from './history.js';
import { streamOf } from './desk.js';
import type { Run } from './run.js';

/** What a start that meets a run of its id needs of the runtime. */
export interface AttachHost {
  readonly store: Store;
  readonly codecs: readonly Codec[];
  readonly stopping: boolean;
}

/** A start that meets a run in this process. @throws SagaIdConflictError when that has another input. */
export async function attach(host: AttachHost, run: Run, id: string, args: readonly unknown[]): Promise<void> {
  const { saga } = run.journal;
  try {
    await run.created;
  } catch (error: unknown) {
    if (!(error instanceof OwnershipLostError)) throw error;
    return attachStored(host, saga, id, args, error);
  }
  if (!isDeepStrictEqual(run.journal.history.started?.args, args)) throw new SagaIdConflictError(saga, id);
}

/** Creates a run, once more when the one that had its id is forgotten between the two looks for it. */
export async function createAnew(host: AttachHost, create: () => Promise<void>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof OwnershipLostError) || host.stopping) throw error;
    await create();
  }
}

/** Somebody else's run, or one that was lost before its creation was answered. @throws SagaIdConflictError */
export async function attachStored(
  host: AttachHost,
  saga: string,
  id: string,
  args: readonly unknown[],
  why: OwnershipLostError,
): Promise<void> {
  const found = await host.store.load(streamOf(saga, id), { limit: 1 });
  const first = found?.entries[0];
  if (!first) throw host.stopping ? new RuntimeStoppedError() : why;
  const { started } = History.read(host.codecs, [first]);
  // Version 0: it was cancelled before anybody started it, whatever its input.
  if (started?.version !== 0 && !isDeepStrictEqual(started?.args, args)) throw new SagaIdConflictError(saga, id);
}
