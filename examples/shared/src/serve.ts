import { ConfigurationError } from '@redress/core';
import { UsageError } from './usage.js';

/** How every worker ends that was not killed: through with its job, or with what stopped it. */
export type Ended =
  | { readonly type: 'finished' }
  /** The worker cannot go on. */
  | { readonly type: 'failed'; readonly message: string; readonly usage: boolean };

/** The side of the process that does the work, and that gets killed: does the job that the parent sends, and ends. */
export function serve<J, R>(work: (job: J, report: (report: R) => void) => Promise<void>): void {
  const send = (message: R | Ended): void => void process.send?.(message);

  process.once('message', (job) => {
    void work(job as J, send).then(
      () => {
        send({ type: 'finished' });
        process.disconnect();
      },
      (error: unknown) => {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        const usage = error instanceof ConfigurationError || error instanceof UsageError;
        send({ type: 'failed', message: usage ? error.message : message, usage });
        process.exitCode = 1;
        process.disconnect();
      },
    );
  });

  // Ctrl-C reaches the whole group of processes: the parent decides. Without a parent there is nobody to work for.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  process.once('disconnect', () => process.exit());
}
