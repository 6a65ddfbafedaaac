/** What both forms draw. */
export interface Drawing {
  readonly title: string;
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly kind: 'end' | 'step' | 'bad' | 'undo' }[];
  readonly edges: readonly { readonly from: string; readonly to: string; readonly label?: string; readonly dashed?: boolean }[];
}

/** As Mermaid's flowchart: quotes are written as an entity, lines are broken by <br/>. */
export function mermaid({ nodes, edges }: Drawing): string {
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

export function dot({ title, nodes, edges }: Drawing): string {
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
