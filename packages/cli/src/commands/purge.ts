import { durationMs } from '@redress/core';
import type { Duration, Store } from '@redress/core';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { confirmed } from './verbs.js';

interface PurgeOptions extends Common {
  readonly endedBefore: string;
  readonly saga?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const BATCH = 10_000;

export function addPurge(program: Command, io: Io): void {
  onStore(program.command('purge').description('forgets completed and compensated runs; never unfinished, stuck or mixed ones'))
    .requiredOption('--ended-before <span>', 'those that ended at least so long ago, such as 30d')
    .option('--saga <name>', 'only runs of this saga')
    .option('--dry-run', 'say how many runs have ended, and change nothing')
    .option('-y, --yes', 'do not ask')
    .action((options: PurgeOptions) =>
      inSession(io, options, async ({ admin, print, store }) => {
        const endedBefore = options.endedBefore as Duration;
        const spanMs = durationMs(endedBefore, '--ended-before');
        const which = options.saga === undefined ? {} : { saga: options.saga };
        if (options.dryRun) {
          const most = await count(store, io, options.saga, spanMs);
          if (print.isJson) print.record('plan', { verb: 'purge', most });
          else print.line(`at most ${most} runs would be forgotten`);
          print.note('Nothing was changed (dry run).');
          return;
        }
        await confirmed(io, options, `forget runs that ended ${options.endedBefore} ago?`);
        let purged = 0;
        for (let last = BATCH; last === BATCH && !io.signal.aborted; purged += last) {
          last = await admin.purge({ endedBefore, limit: BATCH, ...which });
          if (io.isTerminal && last === BATCH) io.err(`${purged + last} forgotten …\r`);
        }
        if (print.isJson) print.record('purged', { purged });
        else print.line(`${purged} runs forgotten`);
      }),
    );
}

/** How many ended so long ago; children that their parents still need are among them. */
async function count(store: Store, io: Io, saga: string | undefined, spanMs: number): Promise<number> {
  const before = (await store.now()) - spanMs;
  let sum = 0;
  let after: string | undefined;
  do {
    const page = await store.scan({
      kind: 'saga',
      status: ['completed', 'compensated'],
      limit: 1000,
      ...(saga === undefined ? {} : { name: saga }),
      ...(after === undefined ? {} : { after }),
    });
    for (const { id, length } of page.heads) {
      const endedAt = (await store.load(id, { from: length - 1 }))?.entries.at(-1)?.at;
      if (endedAt !== undefined && endedAt <= before) sum += 1;
    }
    after = page.next;
  } while (after !== undefined && !io.signal.aborted);
  return sum;
}
