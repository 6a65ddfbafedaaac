import { ConfigurationError } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import type { Job, Report } from './messages.js';
import { UsageError } from './usage.js';
import { work } from './work.js';

/* The process that does the work, and that gets killed. It is started by the demo and speaks to it over IPC. */

const report = (message: Report): void => void process.send?.(message);

process.once('message', (job) => {
  void run(job as Job).then(
    () => process.disconnect(),
    (error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const usage = error instanceof ConfigurationError || error instanceof UsageError;
      report({ type: 'failed', message: usage ? error.message : message, usage });
      process.exitCode = 1;
      process.disconnect();
    },
  );
});

// Ctrl-C reaches the whole group of processes: the parent decides. Without a parent there is nobody to work for.
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
process.once('disconnect', () => process.exit());

async function run(job: Job): Promise<void> {
  const store = sqliteStore(job.store);
  try {
    await work(job, store, report);
  } finally {
    await store.close();
  }
}
