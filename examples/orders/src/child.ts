import { fork } from 'node:child_process';
import type { Job, Report } from './messages.js';

/** How a worker process ended. */
export interface Exit {
  readonly killed: boolean;
  readonly finished: boolean;
  /** What it said of its failure, when it neither finished nor was killed. */
  readonly failure?: { readonly message: string; readonly usage: boolean };
}

export interface Child {
  /** `kill -9`: no handler of the worker runs, nothing is flushed. */
  kill(): void;
  readonly exit: Promise<Exit>;
}

const KEPT = 4000;

/** Starts a worker process on a job. */
export function startChild(job: Job, onReport: (report: Report) => void): Child {
  const child = fork(new URL('./worker.js', import.meta.url), { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let finished = false;
  let failure: Exit['failure'];
  let noise = '';
  child.stderr?.on('data', (chunk: Buffer) => (noise = (noise + chunk.toString()).slice(-KEPT)));
  child.on('message', (message) => {
    const report = message as Report;
    if (report.type === 'finished') finished = true;
    if (report.type === 'failed') failure = report;
    onReport(report);
  });
  child.send(job);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const killed = signal === 'SIGKILL';
      const ok = killed || (finished && code === 0);
      const why = failure ?? { message: `the worker ended with ${signal ?? `code ${code}`}. ${noise}`.trim(), usage: false };
      resolve({ killed, finished: finished && code === 0, ...(ok ? {} : { failure: why }) });
    });
  });
  return { kill: () => void child.kill('SIGKILL'), exit };
}
