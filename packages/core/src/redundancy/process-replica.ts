import { serialize } from 'node:v8';
import { z } from 'zod';
import { systemClock } from '../base/clock.js';
import { checkOptions } from '../base/options.js';
import { ReplicaLostError, remoteReplica } from './remote.js';
import type { Answer, RemoteReplica, Send, Task } from './remote.js';
import { sendableBy } from './sendable.js';
import { Station } from './station.js';

/** How the processes of a process replica are made. */
export interface ProcessReplicaOptions {
  /** The exported function that answers. Default: `default`. */
  readonly method?: string;
  /** How many calls it answers at the same time, each in a process of its own; more wait. Default: 1. */
  readonly processes?: number;
  /** For Node, before the program, such as `--max-old-space-size=64`. Default: those of this process. */
  readonly execArgv?: readonly string[];
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** What they write: shown, or not. The last of their standard error is in the error in any case. Default: `inherit`. */
  readonly output?: 'inherit' | 'ignore';
}

const schema = z.strictObject({
  method: z.string().min(1).optional(),
  processes: z.number().int().min(1).optional(),
  execArgv: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string().optional()).optional(),
  output: z.enum(['inherit', 'ignore']).optional(),
});

// The same from src/redundancy and from dist/redundancy.
const ENTRY = new URL('../../replica-process.mjs', import.meta.url);

const checkArguments = sendableBy(serialize);

/**
 * Starts a replica whose function is exported by a module of JavaScript, in processes of its own: what it does to memory, to native code or
 * to `process.exit` is not ours. Arguments and answers are copied (structured clone). A process that is aborted is killed, also one that is
 * stopped or computes without an end; the next call begins another one. Idle ones do not keep this process alive, and end with it.
 * @throws ConfigurationError when an option does not fit, or the module does not export the function.
 */
export async function processReplica<A extends readonly unknown[], R>(
  name: string,
  module: URL | string,
  options: ProcessReplicaOptions = {},
): Promise<RemoteReplica<A, R>> {
  const subject = `process replica ${name}`;
  checkOptions(subject, schema, options);
  const { method = 'default', processes = 1, ...rest } = options;
  const stations = Array.from({ length: processes }, () => new Station(name, { ...rest, module: ENTRY }, systemClock));
  const { send, close } = deskOf(name, stations);
  return remoteReplica(subject, name, { module, method }, { send, close, check: (args) => checkArguments(name, args) });
}

interface Waiting {
  readonly begin: (station: Station) => void;
  readonly lose: () => void;
}

/** Gives tasks to stations, one at a time to each; more wait in the order in which they came. */
function deskOf(name: string, stations: readonly Station[]): { readonly send: Send; readonly close: () => Promise<void> } {
  const free = [...stations];
  const queue = new Set<Waiting>();
  let closed = false;
  const isClosed = (): ReplicaLostError => new ReplicaLostError(name, 'it is closed', 'process');
  const station = (signal: AbortSignal | undefined): Promise<Station> => {
    const idle = free.pop();
    if (idle) return Promise.resolve(idle);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        queue.delete(waiting);
        signal?.removeEventListener('abort', abort);
      };
      const abort = (): void => (leave(), reject(signal?.reason as Error));
      const waiting: Waiting = { begin: (one) => (leave(), resolve(one)), lose: () => (leave(), reject(isClosed())) };
      queue.add(waiting);
      signal?.addEventListener('abort', abort, { once: true });
    });
  };
  const giveBack = (one: Station): void => {
    const [next] = queue;
    if (next) next.begin(one);
    else free.push(one);
  };
  const send = async (task: Task, signal?: AbortSignal): Promise<Answer> => {
    signal?.throwIfAborted();
    if (closed) throw isClosed();
    const one = await station(signal);
    try {
      if (closed) throw isClosed();
      return await one.ask(task, signal);
    } finally {
      // There never are more processes than stations: a killed one is waited for, though not by the caller.
      void one.rest().then(() => giveBack(one));
    }
  };
  return {
    send,
    async close() {
      closed = true;
      for (const { lose } of queue) lose();
      await Promise.all(stations.map((one) => one.close()));
    },
  };
}
