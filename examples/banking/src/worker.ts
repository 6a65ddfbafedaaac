import { once } from 'node:events';
import { openJournal, patiently, serve } from '@redress/example-shared';
import type { Job, Report } from './messages.js';
import { work } from './work.js';

/* One of the processes that do the work, and that get killed. It is started by the demo and speaks to it over IPC. */

serve<Job, Report>(async (job, report) => {
  const stop = once(process, 'message');
  const journal = await patiently(() => openJournal(job.store));
  try {
    await work(job, journal.store, report, stop);
  } finally {
    await journal.close();
  }
});
