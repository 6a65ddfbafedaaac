import { openJournal, patiently, serve } from '@redress/example-shared';
import type { Job, Report } from './messages.js';
import { work } from './work.js';

/* The process that does the work, and that gets killed. It is started by the demo and speaks to it over IPC. */

serve<Job, Report>(async (job, report) => {
  const journal = await patiently(() => openJournal(job.store));
  try {
    await work(job, journal.store, report);
  } finally {
    await journal.close();
  }
});
