import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createCodec, decodeRecord } from '@redress/core';
import type { Entry, Loaded, NewEntry } from '@redress/core';
import type { Command } from 'commander';
import { loadConfig } from '../config.js';
import type { Config } from '../config.js';
import { EXIT, UsageError } from '../exit.js';
import { imported } from '../history.js';
import type { Io } from '../io.js';
import { toJson } from '../json.js';
import { Print } from '../print.js';
import { ReplayStore, stepOf } from '../replay-store.js';
import type { Next } from '../replay-store.js';

interface Verdict {
  readonly agrees: boolean;
  readonly says: string;
}

/** Longer than a runtime waits before it says that a body does not do what the journal says. */
const PATIENCE_MS = 30_000;
const CODECS = [createCodec()];

export function addReplay(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command('replay')
    .description("runs exported histories against today's code, and says where it differs; no step is called")
    .argument('<file...>', 'what "redress export" has written')
    .option('--json', 'one JSON object a line; what is piped is so in any case')
    .action(async (files: readonly string[], options: { readonly config?: string; readonly json?: boolean }) => {
      const { config, file } = await loadConfig(io, options.config);
      if (!config.app)
        throw new UsageError(
          `${file ?? 'redress.config.ts'} has no \`app\`: give (store) => redress({ container, store, worker: false }).`,
        );
      const print = new Print(io, options.json);
      let differ = 0;
      for (const name of files) {
        for (const loaded of readRuns(io, name)) {
          const verdict = await replay(config.app, loaded);
          if (!verdict.agrees) differ += 1;
          const run = loaded.head.id;
          if (print.isJson) print.record('replay', { run, ...verdict });
          else print.line(`${verdict.agrees ? print.colors.green('✔') : print.colors.red('✘')} ${run}  ${verdict.says}`);
        }
      }
      end(differ === 0 ? EXIT.ok : EXIT.negative);
    });
}

function readRuns(io: Io, name: string): readonly Loaded[] {
  const file = resolve(io.cwd, name);
  if (!existsSync(file)) throw new UsageError(`There is no file ${name}.`);
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.map((line) => imported(line, name));
}

async function replay(app: NonNullable<Config['app']>, loaded: Loaded): Promise<Verdict> {
  const store = new ReplayStore(loaded);
  const runtime = await app(store);
  try {
    runtime.startWorker();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), PATIENCE_MS)));
    const next = await Promise.race([store.next, late]);
    clearTimeout(timer);
    return judge(loaded.entries, next, loaded.head.name);
  } finally {
    await runtime.stop({ drain: 0 });
  }
}

/** What today's code does at the end of the history, beside what the run did there. */
function judge(entries: readonly Entry[], next: Next | undefined, saga: string): Verdict {
  if (!next) return { agrees: false, says: `the body of ${saga} neither ended nor called a step; is the saga in the app?` };
  if (next.kind === 'handedBack') return { agrees: false, says: next.why };
  const started = next.entries.find(({ type }) => type === 'step.started');
  const completed = next.entries.find(({ type }) => type === 'saga.completed');
  if (started) return judgeStep(entries, started);
  if (completed) return judgeResult(entries, completed);
  return judgeFailure(entries, next.entries);
}

function judgeStep(entries: readonly Entry[], started: NewEntry): Verdict {
  const there = entries.find(({ type, key }) => type === 'step.started' && key === started.key);
  const now = operationOf(started);
  if (there) {
    const agrees = operationOf(there) === now;
    return {
      agrees,
      says: agrees ? `agrees up to ${now}, whose outcome is open` : `calls ${now} where the history has ${operationOf(there)}`,
    };
  }
  if (entries.some(({ type }) => type === 'saga.completed'))
    return { agrees: false, says: `calls ${now}, where the history had completed` };
  if (entries.some(({ type }) => type === 'cancel.requested' || type === 'saga.compensating'))
    return turnedBy(entries) === 'outside'
      ? { agrees: true, says: `agrees up to ${now}, before which the run was turned back from outside` }
      : { agrees: false, says: `calls ${now}, where the history went back` };
  return { agrees: true, says: `agrees with all ${stepOf(started.key) - 1} steps, and goes on with ${now}` };
}

function judgeResult(entries: readonly Entry[], completed: NewEntry): Verdict {
  const there = entries.find(({ type }) => type === 'saga.completed');
  if (!there) return { agrees: false, says: 'completes, where the history does not' };
  const [then, now] = [resultOf(there), resultOf(completed)];
  if (then === now) return { agrees: true, says: 'agrees: the same steps, the same result' };
  return { agrees: false, says: `ends with ${now}, where the history has ${then}` };
}

function judgeFailure(entries: readonly Entry[], news: readonly NewEntry[]): Verdict {
  const [then, now] = [entries, news].map((some) => {
    const one = (some as readonly NewEntry[]).find(({ type }) => type === 'saga.compensating');
    return one && causeOf(one);
  });
  if (now === undefined) return { agrees: false, says: `writes ${news.map(({ type }) => type).join(', ')}, which a replay cannot judge` };
  if (then === undefined) return { agrees: false, says: `goes back (${now}), where the history does not` };
  const agrees = then === now;
  return {
    agrees,
    says: agrees ? `agrees: goes back for the same reason (${now})` : `goes back for another reason: ${now}; the history has: ${then}`,
  };
}

/** Whether the run went back because somebody or a deadline said so, and not its body. */
function turnedBy(entries: readonly Entry[]): 'outside' | 'body' {
  const decision = entries.find(({ type }) => type === 'saga.compensating');
  if (entries.some(({ type }) => type === 'cancel.requested')) return 'outside';
  return decision && /^(SagaDeadlineError|SagaCancelledError|SagaRecoveryLimitError)/.test(causeOf(decision)) ? 'outside' : 'body';
}

function operationOf({ data }: Pick<NewEntry, 'data'>): string {
  const { operation, args } = decodeRecord(CODECS, data) as { readonly operation: string; readonly args: readonly unknown[] };
  return `${operation}(${args.map((arg) => toJson(arg)).join(', ')})`;
}

function resultOf({ data }: Pick<NewEntry, 'data'>): string {
  return toJson((decodeRecord(CODECS, data) as { readonly result?: unknown }).result);
}

function causeOf({ data }: Pick<NewEntry, 'data'>): string {
  const { cause } = decodeRecord(CODECS, data) as { readonly cause?: unknown };
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : toJson(cause);
}
