import { createCodec, decodeRecord, durationMs, SagaNotFoundError } from '@redress/core';
import type { Duration, Entry, RunSummary, Store } from '@redress/core';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { toJson } from '../json.js';
import { inSession, onStore } from '../session.js';
import type { Common, Session } from '../session.js';
import { moment } from '../span.js';
import { cut, oneLine } from '../table.js';
import { findTarget, nameOf } from '../target.js';
import type { Target } from '../target.js';
import { statusOf } from './list.js';

interface TailOptions extends Common {
  readonly interval: string;
  readonly until?: boolean;
}

const LONGEST_DATA = 80;
const CODECS = [createCodec()];

export function addTail(program: Command, io: Io): void {
  onStore(program.command('tail').description('follows one run entry by entry, or the status of all unfinished ones; Ctrl-C ends it'))
    .argument('[run]', '<saga>/<id>, or an id that only one run has')
    .option('--interval <span>', 'pause between two looks', '1s')
    .option('--until-end', 'end when the run has ended, or nothing is unfinished')
    .action((name: string | undefined, options: TailOptions & { readonly untilEnd?: boolean }) =>
      inSession(io, options, async (session) => {
        const pauseMs = Math.max(durationMs(options.interval as Duration, '--interval'), 10);
        const isOver = name === undefined ? followAll(session) : followRun(session, await findTarget(session.admin, name));
        while (!io.signal.aborted) {
          if ((await isOver()) && options.untilEnd) return;
          await pause(pauseMs, io.signal);
        }
      }),
    );
}

/** Prints what is new in the journal at each call; true when the run has ended. */
function followRun({ store, admin, print }: Session, target: Target): () => Promise<boolean> {
  let from = 0;
  return async () => {
    const entries = await entriesFrom(store, target, from);
    for (const entry of entries) {
      if (print.isJson) print.record('entry', { ...target, ...entry, data: readable(entry) });
      else
        print.line(
          oneLine(`${moment(entry.at)}  ${entry.type.padEnd(18)}  ${entry.key.padEnd(16)}  ${cut(toJson(readable(entry)), LONGEST_DATA)}`),
        );
    }
    from += entries.length;
    if (entries.length === 0) return false;
    const { status } = await admin.show(target.saga, target.id);
    return status !== 'running' && status !== 'compensating';
  };
}

async function entriesFrom(store: Store, target: Target, from: number): Promise<readonly Entry[]> {
  return (await store.load(nameOf(target), { from }))?.entries ?? [];
}

/** Prints each change of a status; true when nothing is unfinished. */
function followAll({ admin, print, io }: Session): () => Promise<boolean> {
  const known = new Map<string, { readonly status: string; readonly target: Target }>();
  return async () => {
    const seen = new Set<string>();
    let after: string | undefined;
    do {
      const page = await admin.list({
        status: ['running', 'compensating', 'stuck'],
        limit: 1000,
        ...(after === undefined ? {} : { after }),
      });
      for (const run of page.runs) {
        seen.add(nameOf(run));
        tell(run);
      }
      after = page.next;
    } while (after !== undefined && !io.signal.aborted);
    for (const [name, { target }] of known) if (!seen.has(name)) await ended(name, target);
    return seen.size === 0;
  };

  function tell(run: RunSummary): void {
    const status = statusOf(run);
    if (known.get(nameOf(run))?.status === status) return;
    known.set(nameOf(run), { status, target: { saga: run.saga, id: run.id } });
    if (print.isJson) print.record('run', run);
    else print.line(oneLine(`${moment(io.now())}  ${status.padEnd(14)}  ${nameOf(run)}`));
  }

  async function ended(name: string, { saga, id }: Target): Promise<void> {
    try {
      const run = await admin.show(saga, id);
      tell(run);
      if (run.status === 'running' || run.status === 'compensating' || run.status === 'stuck') return;
    } catch (error) {
      if (!(error instanceof SagaNotFoundError)) throw error;
    }
    known.delete(name);
  }
}

function readable({ data }: Entry): unknown {
  try {
    return decodeRecord(CODECS, data);
  } catch {
    return typeof data === 'string' ? data : Buffer.from(data).toString('base64');
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
