import { lintProject } from '@redress/lint';
import type { SagaCoverage } from '@redress/lint';
import type { RunView, StepView } from '@redress/core';
import { Option } from 'commander';
import type { Command } from 'commander';
import { lintConfigOf } from '../config.js';
import { dot, mermaid } from '../drawing.js';
import type { Drawing } from '../drawing.js';
import { NothingFoundError, UsageError } from '../exit.js';
import type { Io } from '../io.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { findTarget, nameOf } from '../target.js';

interface GraphOptions extends Common {
  readonly format: string;
  readonly saga?: string;
}

export function addGraph(program: Command, io: Io): void {
  onStore(
    program
      .command('graph')
      .description('draws the way that a run took, or with --saga the steps of a saga and their undos, as its code has them'),
  )
    .argument('[run]', '<saga>/<id>, or an id that only one run has')
    .option('--saga <name>', 'a saga of the code in this folder, such as PlaceOrder.run')
    .addOption(new Option('--format <form>', 'mermaid or dot').default('mermaid'))
    .action(async (name: string | undefined, options: GraphOptions) => {
      const { format, saga: ofCode } = options;
      if (format !== 'mermaid' && format !== 'dot') throw new UsageError(`--format ${format}: write mermaid or dot.`);
      if ((name === undefined) === (ofCode === undefined)) throw new UsageError('Name a run, or a saga of your code with --saga <name>.');
      const draw = (drawing: Drawing): void => io.out(format === 'dot' ? dot(drawing) : mermaid(drawing));
      if (ofCode !== undefined) return draw(await drawingOfCode(io, ofCode, options.config));
      return inSession(io, options, async ({ admin }) => {
        const { saga, id } = await findTarget(admin, name as string);
        draw(drawingOf(await admin.show(saga, id)));
      });
    });
}

/** What the lint reads of the code. @throws NothingFoundError when there is no such saga. */
async function drawingOfCode(io: Io, name: string, config: string | undefined): Promise<Drawing> {
  const { sagas } = await lintProject({ root: io.cwd, config: await lintConfigOf(io, config) });
  const found = sagas.find(({ saga }) => saga === name || saga.startsWith(`${name}.`));
  if (!found)
    throw new NothingFoundError(`There is no saga ${name} here. There are: ${sagas.map(({ saga }) => saga).join(', ') || 'none'}.`);
  return drawingOfSaga(found);
}

function drawingOfSaga({ saga, steps }: SagaCoverage): Drawing {
  const undos = steps.flatMap(({ step, declared, undo }, i) =>
    declared === 'compensated' ? [{ i, label: `undo ${step}\n${undo ?? ''}`.trim() }] : [],
  );
  const way = ['start', ...steps.map((_, i) => `s${i}`), 'ending'];
  return {
    title: saga,
    nodes: [
      { id: 'start', label: saga, kind: 'end' },
      ...steps.map(({ step, declared, pivot }, i) => ({
        id: `s${i}`,
        label: `${step}\n${pivot ? 'pivot, ' : ''}${declared}`,
        kind: declared === 'undeclared' ? ('bad' as const) : ('step' as const),
      })),
      ...undos.map(({ i, label }) => ({ id: `u${i}`, label, kind: 'undo' as const })),
      { id: 'ending', label: 'completed', kind: 'end' },
    ],
    edges: [
      ...way.slice(1).map((to, i) => ({ from: way[i] as string, to })),
      ...undos.map(({ i }) => ({ from: `s${i}`, to: `u${i}`, dashed: true })),
    ],
  };
}

function drawingOf(view: RunView): Drawing {
  const { steps, status } = view;
  const undone = steps.filter(({ undo }) => undo !== undefined).toReversed();
  const forward = ['start', ...steps.map(({ n }) => `s${n}`)];
  const back = undone.map(({ n }) => `u${n}`);
  // "end" is a word of Mermaid's own.
  const way = [...forward, ...back, 'ending'];
  return {
    title: `${nameOf(view)}: ${status}`,
    nodes: [
      { id: 'start', label: nameOf(view), kind: 'end' },
      ...steps.map((step) => ({ id: `s${step.n}`, label: `${step.operation}\n${step.outcome}`, kind: kindOf(step) })),
      ...undone.map((step) => ({ id: `u${step.n}`, label: `undo ${step.operation}\n${step.undo}`, kind: undoKindOf(step) })),
      { id: 'ending', label: status, kind: status === 'stuck' || status === 'mixed' ? 'bad' : 'end' },
    ],
    edges: way.slice(1).map((to, i) => {
      const from = way[i] as string;
      const turn = i === forward.length - 1 && back.length > 0;
      return { from, to, dashed: i >= forward.length - 1 && back.length > 0, ...(turn && view.cause ? { label: view.cause.name } : {}) };
    }),
  };
}

function kindOf({ outcome }: StepView): 'step' | 'bad' {
  return outcome === 'done' ? 'step' : 'bad';
}

function undoKindOf({ undo }: StepView): 'undo' | 'bad' {
  return undo === 'undone' || undo === 'marked' ? 'undo' : 'bad';
}
