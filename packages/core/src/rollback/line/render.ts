import type { Line } from '../words.js';
import type { DominoReport, Rollback } from './explain.js';
import type { CheckpointGraph } from './graph.js';
import type { GraphMessage } from './message.js';

/** For people: one line for each process that goes back. */
export function dominoText({ line, rolledBack, maxHops, backToStart, checkpointsLost }: DominoReport): string {
  const places = Object.entries(line).map(([id, number]) => `${id} ${number}`);
  const rows = rolledBack.map((one) => `  ${one.process}: ${one.from} → ${one.to}${lossOf(one)}${reasonOf(one)}`);
  const sum = `${rolledBack.length} of ${places.length} processes go back, ${backToStart} of them to the start; ${count(checkpointsLost, 'checkpoint')} lost; ${count(maxHops, 'hop')} at most.`;
  return [`Recovery line: ${places.join(', ')}`, ...rows, sum].join('\n');
}

function lossOf({ checkpoints, lostMs }: Rollback): string {
  const parts = [...(checkpoints > 0 ? [count(checkpoints, 'checkpoint')] : []), ...(lostMs === undefined ? [] : [`${lostMs} ms`])];
  return parts.length > 0 ? ` (${parts.join(', ')} lost)` : '';
}

function reasonOf({ chain }: Rollback): string {
  if (chain.length === 0) return ', from here it begins';
  return `, ${count(chain.length, 'hop')}: ${chain.map(nameOf).join(', then ')}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function nameOf({ name, from, sent, to, received }: GraphMessage): string {
  const way = `${from} (interval ${sent}) → ${to} (interval ${received ?? '–'})`;
  return name === undefined ? way : `${name}, ${way}`;
}

/** The graph as a Mermaid flow chart: checkpoints on the line are green, undone ones red, and so are messages that are undone with both ends (dotted). */
export function dominoMermaid(graph: CheckpointGraph, { line }: DominoReport): string {
  const lines = ['flowchart LR'];
  for (const [i, id] of graph.processes.entries()) {
    lines.push(`  subgraph s${i}["${escapeText(id)}"]`, '    direction LR');
    lines.push(`    ${nodes(graph, i).join(' --> ')}`, '  end');
  }
  for (const message of graph.messages()) {
    const [from, to] = ends(graph, message);
    if (to === undefined) continue;
    lines.push(`  ${from} ${isUndone(line, message) ? '-.' : '--'}${label(message)}${isUndone(line, message) ? '.->' : '-->'} ${to}`);
  }
  lines.push('  classDef line fill:#2e7d32,color:#fff', '  classDef undone fill:#c62828,color:#fff');
  for (const [i, id] of graph.processes.entries()) {
    const place = line[id] as number;
    lines.push(`  class p${i}c${place} line`);
    const undone = [...graph.checkpoints(id), graph.present(id)].filter((number) => number > place);
    if (undone.length > 0) lines.push(`  class ${undone.map((number) => `p${i}c${number}`).join(',')} undone`);
  }
  return lines.join('\n');
}

function label({ name }: GraphMessage): string {
  return name === undefined ? '' : ` "${escapeText(name)}" `;
}

function escapeText(text: string): string {
  return text.replace(/["\\<>&\n]/g, (one) => `#${one.charCodeAt(0)};`);
}

function nodes(graph: CheckpointGraph, i: number): readonly string[] {
  const id = graph.processes[i] as string;
  const present = graph.present(id);
  return [...graph.checkpoints(id).map((number) => `p${i}c${number}["${number}"]`), `p${i}c${present}(["now"])`];
}

/** A message stands between the ends of its intervals, as in the rollback-dependency graph. */
function ends(graph: CheckpointGraph, { from, sent, to, received }: GraphMessage): readonly [string, string | undefined] {
  const node = (id: string, number: number): string => `p${graph.processes.indexOf(id)}c${number}`;
  return [node(from, sent), received === undefined ? undefined : node(to, received)];
}

function isUndone(line: Line, { from, sent, to, received }: GraphMessage): boolean {
  return sent > (line[from] as number) && received !== undefined && received > (line[to] as number);
}

/** The graph in the language of Graphviz, in the same colours. */
export function dominoDot(graph: CheckpointGraph, { line }: DominoReport): string {
  const lines = ['digraph checkpoints {', '  rankdir=LR;', '  node [shape=box, style=filled, fillcolor=white];'];
  for (const [i, id] of graph.processes.entries()) {
    const present = graph.present(id);
    const numbers = [...graph.checkpoints(id), present];
    lines.push(`  subgraph cluster_${i} {`, `    label=${quoted(id)};`);
    for (const number of numbers) {
      const place = line[id] as number;
      const color =
        number === place ? ', fillcolor="#2e7d32", fontcolor=white' : number > place ? ', fillcolor="#c62828", fontcolor=white' : '';
      lines.push(`    p${i}c${number} [label="${number === present ? 'now' : number}"${color}];`);
    }
    lines.push(`    ${numbers.map((number) => `p${i}c${number}`).join(' -> ')} [arrowhead=none];`, '  }');
  }
  for (const message of graph.messages()) {
    const [from, to] = ends(graph, message);
    const style = isUndone(line, message) ? ', style=dashed, color="#c62828"' : '';
    if (to !== undefined) lines.push(`  ${from} -> ${to} [label=${quoted(message.name ?? '')}, constraint=false${style}];`);
  }
  return [...lines, '}'].join('\n');
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', ' ')}"`;
}
