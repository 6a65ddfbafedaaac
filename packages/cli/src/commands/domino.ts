import { dominoDot, dominoMermaid, dominoText, explain, groupGraph, groupsIn, startOfFailure } from '@redress/core';
import type { CheckpointGraph, DominoReport, Store } from '@redress/core';
import { Option } from 'commander';
import type { Command } from 'commander';
import { NothingFoundError, UsageError } from '../exit.js';
import type { Io } from '../io.js';
import type { Print } from '../print.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';

interface DominoOptions extends Common {
  readonly failed?: readonly string[];
  readonly format: string;
}

const FORMS = ['text', 'mermaid', 'dot'];

export function addDomino(program: Command, io: Io): void {
  onStore(program.command('domino').description('says who would go back how far, if processes of a group with checkpoints failed now'))
    .argument('[group]', 'default: the only one in the store')
    .option('--failed <process...>', 'these together; default: each by itself, as a table')
    .addOption(new Option('--format <form>', 'with --failed: text, mermaid or dot').default('text'))
    .action((name: string | undefined, options: DominoOptions) => {
      const { failed, format } = options;
      if (!FORMS.includes(format)) throw new UsageError(`--format ${format}: write ${FORMS.join(', ')}.`);
      return inSession(io, options, async ({ store, print }) => {
        const group = name ?? (await onlyGroup(store));
        const graph = await groupGraph(store, group);
        if (graph.processes.length === 0) throw new NothingFoundError(`There is no group ${group} in the store.`);
        const now = await store.now();
        if (failed === undefined) return each(print, graph, now);
        const unknown = failed.find((one) => !graph.processes.includes(one));
        if (unknown !== undefined) throw new UsageError(`--failed ${unknown}: there are ${graph.processes.join(', ')}.`);
        together(io, print, graph, explain(graph, startOfFailure(graph, failed), now), format);
      });
    });
}

async function onlyGroup(store: Store): Promise<string> {
  const groups = await groupsIn(store);
  if (groups.length === 0) throw new NothingFoundError('No process keeps checkpoints in this store.');
  if (groups.length > 1) throw new UsageError(`There are several groups, say which: ${groups.join(', ')}.`);
  return groups[0] as string;
}

/** The risk before the failure: what each one would take with it. */
function each(print: Print, graph: CheckpointGraph, now: number): void {
  const rows = graph.processes.map((process) => ({ process, report: explain(graph, startOfFailure(graph, [process]), now) }));
  if (print.isJson) {
    for (const { process, report } of rows) print.record('domino', { failed: [process], ...report });
    return;
  }
  print.table(
    [
      { title: 'IF IT FAILED', of: ({ process }) => process, shrinks: true },
      { title: 'GO BACK', of: ({ report }) => `${report.rolledBack.length} of ${graph.processes.length}` },
      { title: 'TO THE START', of: ({ report }) => String(report.backToStart) },
      { title: 'CHECKPOINTS LOST', of: ({ report }) => String(report.checkpointsLost) },
      { title: 'HOPS', of: ({ report }) => String(report.maxHops) },
    ],
    rows,
  );
}

function together(io: Io, print: Print, graph: CheckpointGraph, report: DominoReport, format: string): void {
  if (format === 'mermaid') return io.out(ended(dominoMermaid(graph, report)));
  if (format === 'dot') return io.out(ended(dominoDot(graph, report)));
  if (print.isJson) return print.record('domino', report);
  io.out(ended(dominoText(report)));
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
