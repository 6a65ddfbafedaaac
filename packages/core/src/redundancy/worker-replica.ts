import { z } from 'zod';
import { ConfigurationError, RedressError, messageOf } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import type { Replica, ReplicaCall } from './replica.js';

/** How the threads of a worker replica are made. */
export interface WorkerReplicaOptions {
  /** The exported function that answers. Default: `default`. */
  readonly method?: string;
  /** How many calls it answers at the same time, each in a thread of its own; more wait. Default: 1. */
  readonly threads?: number;
  /** Largest heap of a thread, in megabytes; a thread that needs more ends. Default: as Node has it. */
  readonly maxHeapMb?: number;
}

/** A replica in threads of its own: its crash is not ours, and when it hangs it can be ended. */
export interface WorkerReplica<A extends readonly unknown[], R> extends Replica<A, R> {
  /** Ends its threads. Calls under way are lost. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The thread that was to answer ended first, or the replica is closed. What it did is not known. Code `REPLICA_LOST`. */
export class ReplicaLostError extends RedressError {
  constructor(replica: string, cause: unknown) {
    super('REPLICA_LOST', `The thread of ${replica} ended before it had answered: ${messageOf(cause)}.`, {
      retryable: true,
      details: { replica },
      cause,
    });
  }
}

const schema = z.strictObject({
  method: z.string().min(1).optional(),
  threads: z.number().int().min(1).optional(),
  maxHeapMb: z.number().int().min(1).optional(),
});

// The same from src/redundancy and from dist/redundancy.
const ENTRY = new URL('../../replica-worker.mjs', import.meta.url);

interface Answer {
  readonly missing?: true;
  readonly value?: unknown;
  readonly thrown?: { readonly error: Readonly<Record<string, unknown>> } | { readonly value: unknown };
}

/**
 * Starts a replica whose function is exported by a module of JavaScript, in worker threads of its own, with the pool of the package
 * `piscina`. Arguments and answers are copied (structured clone). A thread that is aborted or crashes is replaced.
 * @throws ConfigurationError when an option does not fit, `piscina` is not installed, or the module does not export the function.
 */
export async function workerReplica<A extends readonly unknown[], R>(
  name: string,
  module: URL | string,
  options: WorkerReplicaOptions = {},
): Promise<WorkerReplica<A, R>> {
  const subject = `worker replica ${name}`;
  checkOptions(subject, schema, options);
  const { method = 'default', threads = 1, maxHeapMb } = options;
  const pool = await openPool(subject, threads, maxHeapMb);
  const task = { module: String(module), method };
  let closed = false;
  const run = async (args: readonly unknown[] | undefined, signal?: AbortSignal): Promise<Answer> => {
    // A pool that was destroyed starts threads again when it is given work, and nobody would end those.
    if (closed) throw new ReplicaLostError(name, 'it is closed');
    try {
      return (await pool.run({ ...task, args }, { signal: signal ?? null })) as Answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw new ReplicaLostError(name, error);
    }
  };
  const close = (): Promise<void> => {
    closed = true;
    return pool.destroy();
  };
  try {
    const { missing, thrown } = await run(undefined);
    if (missing) throw refused(subject, `${task.module} exports no function "${method}".`, 'Name an exported function as "method".');
    if (thrown) throw refused(subject, `${task.module} cannot be loaded: ${messageOf(errorOf(thrown))}.`, 'Give the URL of a module.');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    async answer(args: A, { signal }: ReplicaCall) {
      const { thrown, value } = await run(args, signal);
      if (thrown) throw errorOf(thrown);
      return value as R;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const load = () => import('piscina');
type Library = Awaited<ReturnType<typeof load>>;

async function openPool(subject: string, threads: number, maxHeapMb: number | undefined): Promise<InstanceType<Library['Piscina']>> {
  let library: Library;
  try {
    library = await load();
  } catch (error) {
    throw refused(subject, 'The package "piscina" cannot be loaded.', 'Install it: npm install piscina.', error);
  }
  const pool = new library.Piscina({
    filename: ENTRY.href,
    name: 'answer',
    minThreads: threads,
    maxThreads: threads,
    // Waiting in a lock would hold up timers and connections of the replica between two calls.
    atomics: 'disabled',
    ...(maxHeapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
  });
  // A thread that ends between two calls is replaced, and the next call hears nothing of it.
  pool.on('error', () => undefined);
  return pool;
}

function errorOf(thrown: NonNullable<Answer['thrown']>): unknown {
  if ('value' in thrown) return thrown.value;
  const { name, message, stack, ...fields } = thrown.error;
  const error = Object.assign(new Error(String(message)), fields);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}

function refused(subject: string, cause: string, remedy: string, error?: unknown): ConfigurationError {
  return new ConfigurationError([{ subject, cause, remedy }], error === undefined ? {} : { cause: error });
}
