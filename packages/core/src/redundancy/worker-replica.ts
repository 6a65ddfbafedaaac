import { z } from 'zod';
import { checkOptions } from '../base/options.js';
import { refused, ReplicaLostError, remoteReplica } from './remote.js';
import type { Answer, RemoteReplica } from './remote.js';
import { sendableBy } from './sendable.js';

/** How the threads of a worker replica are made. */
export interface WorkerReplicaOptions {
  /** The exported function that answers. Default: `default`. */
  readonly method?: string;
  /** How many calls it answers at the same time, each in a thread of its own; more wait. Default: 1. */
  readonly threads?: number;
  /** Largest heap of a thread, in megabytes; a thread that needs more ends. Default: as Node has it. */
  readonly maxHeapMb?: number;
}

const schema = z.strictObject({
  method: z.string().min(1).optional(),
  threads: z.number().int().min(1).optional(),
  maxHeapMb: z.number().int().min(1).optional(),
});

// The same from src/redundancy and from dist/redundancy.
const ENTRY = new URL('../../replica-worker.mjs', import.meta.url);

const checkArguments = sendableBy(structuredClone);

/**
 * Starts a replica whose function is exported by a module of JavaScript, in worker threads of its own, with the pool of the package
 * `piscina`. Arguments and answers are copied (structured clone). A thread that is aborted or crashes is replaced.
 * @throws ConfigurationError when an option does not fit, `piscina` is not installed, or the module does not export the function.
 */
export async function workerReplica<A extends readonly unknown[], R>(
  name: string,
  module: URL | string,
  options: WorkerReplicaOptions = {},
): Promise<RemoteReplica<A, R>> {
  const subject = `worker replica ${name}`;
  checkOptions(subject, schema, options);
  const { method = 'default', threads = 1, maxHeapMb } = options;
  const pool = await openPool(subject, threads, maxHeapMb);
  let closed = false;
  return remoteReplica(
    subject,
    name,
    { module, method },
    {
      async send(task, signal) {
        // A pool that was destroyed starts threads again when it is given work, and nobody would end those.
        if (closed) throw new ReplicaLostError(name, 'it is closed');
        try {
          return (await pool.run(task, { signal: signal ?? null })) as Answer;
        } catch (error) {
          signal?.throwIfAborted();
          throw new ReplicaLostError(name, error);
        }
      },
      check: (args) => checkArguments(name, args),
      close() {
        closed = true;
        return pool.destroy();
      },
    },
  );
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
