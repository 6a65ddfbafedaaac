import { fork } from 'node:child_process';
import type { Serializable } from 'node:child_process';
import type { Ended } from './serve.js';
import { UsageError } from './usage.js';

/** How a worker process ended. */
export interface Exit {
  readonly killed: boolean;
  /** It is through with its job. */
  readonly finished: boolean;
  /** What it said of its failure, when it neither finished nor was killed. */
  readonly failure?: Error;
}

export interface Child {
  /** `kill -9`: no handler of the worker runs, nothing is flushed. */
  kill(): void;
  /** Tells it something besides its job. */
  tell(message: Serializable): void;
  readonly exit: Promise<Exit>;
}

const KEPT = 4000;
const alive = new Set<() => void>();

/** Kills every worker process that is alive. */
export function killAll(): void {
  for (const kill of alive) kill();
}

/** Starts a worker process on a job. `worker`: a program that calls `serve`. */
export function startChild<R>(worker: URL, job: object, onReport: (report: R) => void): Child {
  const child = fork(worker, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const kill = (): void => void child.kill('SIGKILL');
  alive.add(kill);
  let finished = false;
  let failure: Error | undefined;
  let noise = '';
  child.stderr?.on('data', (chunk: Buffer) => (noise = (noise + chunk.toString()).slice(-KEPT)));
  child.on('message', (message) => {
    const report = message as Ended;
    if (report.type === 'finished') finished = true;
    if (report.type === 'failed') failure = report.usage ? new UsageError(report.message) : new Error(report.message);
    onReport(message as R);
  });
  child.send(job);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      alive.delete(kill);
      const killed = signal === 'SIGKILL';
      const ok = killed || (finished && code === 0);
      const why = failure ?? new Error(`the worker ended with ${signal ?? `code ${code}`}. ${noise}`.trim());
      resolve({ killed, finished: finished && code === 0, ...(ok ? {} : { failure: why }) });
    });
  });
  return { kill, tell: (message) => void (child.connected && child.send(message)), exit };
}
