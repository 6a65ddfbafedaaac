import type { RunView, StepView } from '@redress/core';
import { Option } from 'commander';
import type { Command } from 'commander';
import { UsageError } from '../exit.js';
import type { Io } from '../io.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { findTarget, nameOf } from '../target.js';

type Form = 'mermaid' | 'dot';

/** What both forms draw. */
interface Drawing {
  readonly title: string;
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly kind: 'end' | 'step' | 'bad' | 'undo' }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label?: string; readonly dashed?: boolean }[];
}

export function addGraph(program: Command, io: Io): void {
  onStore(program.command('graph').description('draws the way that a run took: its steps, how they ended, and their undos'))
    .argument('<run>', '<saga>/<id>, or an id that only one run has')
    .addOption(new Option('--format <form>', 'mermaid or dot').default('mermaid'))
    .action((name: string, options: Common & { readonly format: string }) => {
      if (options.format !== 'mermaid' && options.format !== 'dot')
        throw new UsageError(`--format ${options.format}: write mermaid or dot.`);
      const form: Form = options.format;
      return inSession(io, options, async ({ admin }) => {
        const { saga, id } = await findTarget(admin, name);
        const drawing = drawingOf(await admin.show(saga, id));
        io.out(form === 'dot' ? dot(drawing) : mermaid(drawing));
      });
    });
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

/** As Mermaid's flowchart: quotes are written as an entity, lines are broken by <br/>. */
function mermaid({ nodes, edges }: Drawing): string {
  const text = (label: string): string =>
    label.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\n/g, '<br/>');
  const lines = [
    'flowchart LR',
    ...nodes.map(({ id, label, kind }) => (kind === 'end' ? `  ${id}(["${text(label)}"])` : `  ${id}["${text(label)}"]:::${kind}`)),
    ...edges.map(({ from, to, label, dashed }) => {
      const said = label === undefined ? '' : `|"${text(label)}"|`;
      return `  ${from} ${dashed ? '-.->' : '-->'}${said} ${to}`;
    }),
    '  classDef bad stroke:#c00,stroke-width:2px',
    '  classDef undo stroke-dasharray:4 2',
  ];
  return `${lines.join('\n')}\n`;
}

function dot({ title, nodes, edges }: Drawing): string {
  const shapes = { end: 'shape=ellipse', step: 'shape=box', bad: 'shape=box, color=red', undo: 'shape=box, style=dashed' } as const;
  const lines = [
    `digraph ${JSON.stringify(title)} {`,
    '  rankdir=LR;',
    ...nodes.map(({ id, label, kind }) => `  ${id} [label=${JSON.stringify(label)}, ${shapes[kind]}];`),
    ...edges.map(({ from, to, label, dashed }) => {
      const said = [...(dashed ? ['style=dashed'] : []), ...(label === undefined ? [] : [`label=${JSON.stringify(label)}`])];
      return `  ${from} -> ${to}${said.length === 0 ? '' : ` [${said.join(', ')}]`};`;
    }),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}
