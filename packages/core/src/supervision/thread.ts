import { Worker } from 'node:worker_threads';
import type { ChildContext, ChildSpec, RunningChild } from './child.js';
import { ChildExitedError } from './errors.js';
import { birthEnv, openLine } from './line.js';

export interface ThreadOptions {
  /** The program of the thread, which calls `serveChild`. */
  readonly module: URL | string;
  /** `workerData` in the thread. */
  readonly data?: unknown;
  readonly execArgv?: readonly string[];
  /** When it is ready: when it says so, or when it runs. Default: `message`. */
  readonly ready?: 'message' | 'spawn';
  /** Is given each thread as it is started, for messages of one's own. */
  readonly onSpawn?: (worker: Worker) => void;
}

/**
 * A child that is a thread of this process. An error that nobody caught in it is its failure; ending with code 0 is a good
 * end. It is terminated when it does not stop in time, in the middle of whatever it does.
 */
export function workerThread(options: ThreadOptions): ChildSpec['start'] {
  return (context) => launch(options, context);
}

async function launch({ module, data, execArgv, ready = 'message', onSpawn }: ThreadOptions, context: ChildContext): Promise<RunningChild> {
  const worker = new Worker(module, {
    workerData: data,
    env: birthEnv(context),
    ...(execArgv ? { execArgv: [...execArgv] } : {}),
  });
  const line = openLine(context, (message) => worker.postMessage(message));
  worker.on('message', (message) => line.hear(message));
  onSpawn?.(worker);
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(new ChildExitedError('the thread', code, null))));
  });
  const kill = (): void => void worker.terminate();
  const runs = new Promise<void>((resolve) => worker.once('online', resolve));
  const tooSoon = ended.then(() => {
    throw new ChildExitedError('the thread', 0, null, 'It was not ready yet.');
  });
  context.signal.addEventListener('abort', kill, { once: true });
  await Promise.race([ready === 'message' ? line.ready : runs, tooSoon]);
  context.signal.removeEventListener('abort', kill);
  context.signal.throwIfAborted();
  return {
    ended,
    stop: () => worker.postMessage({ redress: 'stop' }),
    kill,
    // Only who has said that it is ready is known to answer.
    ...(ready === 'message' ? { ping: (signal: AbortSignal) => line.ping(signal) } : {}),
  };
}
