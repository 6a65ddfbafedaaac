import { once } from 'node:events';
import { serve } from '@redress/example-shared';
import { sqliteStore } from '@redress/sqlite';
import type { Job, Report } from './messages.js';
import { work } from './work.js';

/* One of the processes that do the work, and that get killed. It is started by the demo and speaks to it over IPC. */

serve<Job, Report>(async (job, report) => {
  const stop = once(process, 'message');
  const store = sqliteStore(job.store);
  try {
    await work(job, store, report, stop);
  } finally {
    await store.close();
  }
});
