import type { RunQuery, RunStatus, RunSummary } from '@redress/core';
import { Option } from 'commander';
import type { Command } from 'commander';
import { EXIT, UsageError } from '../exit.js';
import type { Io } from '../io.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { fromNow } from '../span.js';
import type { Print } from '../print.js';
import type { Column } from '../table.js';

const STATUSES: readonly RunStatus[] = ['running', 'completed', 'compensating', 'compensated', 'stuck', 'mixed'];
const PAGE = 1000;
const DEFAULT_LIMIT = 100;

interface ListOptions extends Common {
  readonly status?: readonly string[];
  readonly saga?: string;
  readonly error?: string;
  readonly tag?: string;
  readonly text?: string;
  readonly olderThan?: string;
  readonly held?: boolean;
  readonly blocked?: boolean;
  readonly limit?: string;
  readonly all?: boolean;
}

export function addList(program: Command, io: Io, end: (code: number) => void): void {
  const command = onStore(program.command('list').alias('ls').description('shows runs; exit code 1 when there are none'));
  command
    .option('-s, --status <status...>', `any of ${STATUSES.join(', ')}`)
    .option('--saga <name>', 'runs of this saga')
    .option('--error <class>', 'class of the first failure')
    .option('--tag <key=value>', 'a tag of the run')
    .option('--text <text>', 'text in the id, or in the message of the first failure')
    .option('--older-than <span>', 'begun at least so long ago, such as 30m')
    .option('--held', 'only held runs')
    .option('--blocked', 'only runs that the last process could not go on with')
    .addOption(new Option('--limit <n>', `at most so many (default: ${DEFAULT_LIMIT})`).conflicts('all'))
    .option('--all', 'as many as there are')
    .action((options: ListOptions) =>
      inSession(io, options, async ({ admin, print, store }) => {
        const limit = limitOf(options);
        const query = queryOf(options);
        const now = await store.now();
        let shown = 0;
        let after: string | undefined;
        let more = false;
        do {
          const rest = Math.min(limit - shown, PAGE);
          const page = await admin.list({ ...query, limit: rest, ...(after === undefined ? {} : { after }) });
          if (print.isJson) for (const run of page.runs) print.record('run', run);
          else if (page.runs.length > 0) print.table(columns(print, now), page.runs, shown === 0);
          shown += page.runs.length;
          after = page.next;
          more = after !== undefined && shown >= limit;
        } while (after !== undefined && shown < limit && !io.signal.aborted);
        if (!print.isJson) print.note(summary(shown, more));
        end(shown === 0 ? EXIT.negative : EXIT.ok);
      }),
    );
}

function columns({ colors }: Print, now: number): readonly Column<RunSummary>[] {
  const byStatus: Partial<Record<RunStatus, (text: string) => string>> = {
    stuck: colors.red,
    mixed: colors.yellow,
    compensating: colors.yellow,
    completed: colors.green,
  };
  return [
    { title: 'SAGA', of: ({ saga }) => saga, shrinks: true },
    { title: 'ID', of: ({ id }) => id, shrinks: true },
    { title: 'STATUS', of: statusOf, paint: (shown, { status }) => (byStatus[status] ?? String)(shown) },
    { title: 'DUE', of: ({ dueAt }) => (dueAt === null ? '-' : fromNow(dueAt, now)) },
    { title: 'CLAIMS', of: ({ recoveries }) => String(recoveries) },
    { title: 'FAILURE', of: failureOf, shrinks: true },
  ];
}

/** The status, with what else decides whether it goes on. */
export function statusOf({ status, held, cancelRequested, blocked }: RunSummary): string {
  const more = [held ? 'held' : '', cancelRequested && status === 'running' ? 'cancelled' : '', blocked === undefined ? '' : 'blocked'];
  return [status, ...more].filter(Boolean).join(', ');
}

function failureOf({ cause, blocked }: RunSummary): string {
  if (blocked !== undefined) return blocked;
  return cause === undefined ? '-' : `${cause.name}: ${cause.message}`;
}

function summary(shown: number, more: boolean): string {
  if (shown === 0) return 'No run is like that.';
  if (more) return `The first ${shown}; there are more: --limit <n> or --all.`;
  return shown === 1 ? '1 run' : `${shown} runs`;
}

function limitOf({ limit, all }: ListOptions): number {
  if (all) return Infinity;
  if (limit === undefined) return DEFAULT_LIMIT;
  const count = Number(limit);
  if (!Number.isInteger(count) || count < 1) throw new UsageError(`--limit ${limit}: give a whole number from 1 on.`);
  return count;
}

function queryOf({ status, saga, error, tag, text, olderThan, held, blocked }: ListOptions): RunQuery {
  const wrong = status?.find((one) => !(STATUSES as readonly string[]).includes(one));
  if (wrong !== undefined) throw new UsageError(`--status ${wrong}: there are ${STATUSES.join(', ')}.`);
  const [key, ...value] = tag?.split('=') ?? [];
  if (tag !== undefined && (!key || value.length === 0)) throw new UsageError(`--tag ${tag}: write --tag <key>=<value>.`);
  return {
    ...(status === undefined ? {} : { status: status as readonly RunStatus[] }),
    ...(saga === undefined ? {} : { saga }),
    ...(error === undefined ? {} : { error }),
    ...(key === undefined ? {} : { tag: { key, value: value.join('=') } }),
    ...(text === undefined ? {} : { text }),
    ...(olderThan === undefined ? {} : { olderThan: olderThan as `${number}ms` }),
    ...(held === undefined ? {} : { held }),
    ...(blocked === undefined ? {} : { blocked }),
  };
}
