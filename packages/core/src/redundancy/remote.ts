import { ConfigurationError, messageOf, RedressError, RefusedError } from '../base/errors.js';
import type { Replica } from './replica.js';

/** A replica outside of this thread: its crash is not ours, and when it hangs it can be ended. */
export interface RemoteReplica<A extends readonly unknown[], R> extends Replica<A, R> {
  /** Ends its threads or processes. Calls under way are lost. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The thread or process that was to answer ended first, or the replica is closed. What it did is not known. Code `REPLICA_LOST`. */
export class ReplicaLostError extends RedressError {
  constructor(replica: string, cause: unknown, what: 'thread' | 'process' = 'thread') {
    super('REPLICA_LOST', `The ${what} of ${replica} ended before it had answered: ${messageOf(cause)}.`, {
      retryable: true,
      details: { replica },
      cause,
    });
  }
}

/**
 * A replica cannot be given these arguments: they cannot be copied. No replica was asked. `path` leads to the value that cannot.
 * Code `REPLICA_ARGUMENTS`.
 */
export class ReplicaArgumentsError extends RefusedError {
  readonly path: string;

  constructor(replica: string, what: string, path: string, cause: unknown) {
    super(`The arguments cannot be sent to ${replica}: ${what} at ${path}. Pass plain data.`, {
      code: 'REPLICA_ARGUMENTS',
      details: { replica, path },
      cause,
    });
    this.path = path;
  }
}

/** What the other side is to do; without `args` it only looks whether it can. */
export interface Task {
  readonly module: string;
  readonly method: string;
  readonly args: readonly unknown[] | undefined;
}

/** What the other side says. */
export interface Answer {
  readonly missing?: true;
  readonly value?: unknown;
  readonly thrown?: { readonly error: Readonly<Record<string, unknown>> } | { readonly value: unknown };
}

/** Sends a task. @throws what it was aborted with; ReplicaLostError. */
export type Send = (task: Task, signal?: AbortSignal) => Promise<Answer>;

/** The replica of a function that a module exports on the other side. @throws ConfigurationError when it does not. */
export async function remoteReplica<A extends readonly unknown[], R>(
  subject: string,
  name: string,
  place: { readonly module: URL | string; readonly method: string },
  far: { readonly send: Send; readonly check: (args: readonly unknown[]) => void; readonly close: () => Promise<void> },
): Promise<RemoteReplica<A, R>> {
  const { send, check, close } = far;
  const task = { module: String(place.module), method: place.method };
  try {
    const { missing, thrown } = await send({ ...task, args: undefined });
    if (missing) throw refused(subject, `${task.module} exports no function "${task.method}".`, 'Name an exported function as "method".');
    if (thrown) throw refused(subject, `${task.module} cannot be loaded: ${messageOf(errorOf(thrown))}.`, 'Give the URL of a module.');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    name,
    check,
    async answer(args, { signal }) {
      check(args);
      const { thrown, value } = await send({ ...task, args }, signal);
      if (thrown) throw errorOf(thrown);
      return value as R;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function errorOf(thrown: NonNullable<Answer['thrown']>): unknown {
  if ('value' in thrown) return thrown.value;
  const { name, message, stack, ...fields } = thrown.error;
  const error = Object.assign(new Error(String(message)), fields);
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}

export function refused(subject: string, cause: string, remedy: string, error?: unknown): ConfigurationError {
  return new ConfigurationError([{ subject, cause, remedy }], error === undefined ? {} : { cause: error });
}
