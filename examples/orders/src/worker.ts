import { serve } from '@redress/example-shared';
import { sqliteStore } from '@redress/sqlite';
import type { Job, Report } from './messages.js';
import { work } from './work.js';

/* The process that does the work, and that gets killed. It is started by the demo and speaks to it over IPC. */

serve<Job, Report>(async (job, report) => {
  const store = sqliteStore(job.store);
  try {
    await work(job, store, report);
  } finally {
    await store.close();
  }
});
