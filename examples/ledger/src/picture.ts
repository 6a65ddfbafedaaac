import type { GraphData, Line } from '@redress/core';

const [STEP, LANE, LEFT, TOP] = [84, 92, 96, 64];
const COLOURS = { kept: '#455a64', undone: '#c62828', line: '#2e7d32' };

/** Where each checkpoint of each process lies from left to right: behind the one before, and behind what it depends on. */
export function columns({ processes, messages }: GraphData): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const places = new Map(
    processes.map(({ id, checkpoints, present }) => [id, new Map([...checkpoints, present].map((number) => [number, 0]))]),
  );
  const at = (id: string, number: number): number => places.get(id)?.get(number) ?? 0;
  const before = (id: string, number: number): number => Math.max(...[...(places.get(id)?.keys() ?? [])].filter((one) => one < number));
  for (let changed = true; changed;) {
    changed = false;
    const push = (id: string, number: number, least: number): void => {
      if (at(id, number) >= least) return;
      places.get(id)?.set(number, least);
      changed = true;
    };
    for (const { id, checkpoints, present } of processes) {
      for (const number of [...checkpoints, present].slice(1)) push(id, number, at(id, before(id, number)) + 1);
    }
    // What is sent after a checkpoint arrives before the end of the interval that it is delivered in.
    for (const { from, sent, to, received } of messages) {
      if (received !== undefined) push(to, received, at(from, before(from, sent)) + 1);
    }
  }
  return places;
}

/** The checkpoints, the messages and the recovery line over time, as an SVG document. */
export function picture(graph: GraphData, line: Line, title: string): string {
  const places = columns(graph);
  const lanes = new Map(graph.processes.map(({ id }, i) => [id, TOP + LANE * (i + 0.5)]));
  const x = (id: string, number: number): number => LEFT + STEP * (places.get(id)?.get(number) ?? 0);
  const y = (id: string): number => lanes.get(id) ?? 0;
  const width = Math.max(...graph.processes.map(({ id, present }) => x(id, present))) + STEP;
  const height = TOP + LANE * graph.processes.length + 40;
  const isKept = (id: string, number: number): boolean => number <= (line[id] ?? 0);
  const ends = (id: string): readonly number[] => [...(places.get(id)?.keys() ?? [])];
  const parts = graph.processes.flatMap(({ id, present }) => [
    `<text x="16" y="${y(id) + 5}" class="name">${escaped(id)}</text>`,
    `<line x1="${x(id, ends(id)[0] as number)}" y1="${y(id)}" x2="${x(id, line[id] ?? 0)}" y2="${y(id)}" stroke="${COLOURS.kept}" stroke-width="3"/>`,
    `<line x1="${x(id, line[id] ?? 0)}" y1="${y(id)}" x2="${x(id, present)}" y2="${y(id)}" stroke="${COLOURS.undone}" stroke-width="3" stroke-dasharray="4 5"/>`,
  ]);
  for (const { from, sent, to, received } of graph.messages) {
    if (received === undefined) continue;
    const start = Math.max(...ends(from).filter((number) => number < sent));
    const isUndone = !isKept(from, sent);
    const style = isUndone
      ? `stroke="${COLOURS.undone}" stroke-dasharray="5 4" marker-end="url(#undone)"`
      : `stroke="${COLOURS.kept}" marker-end="url(#kept)"`;
    parts.push(`<line x1="${x(from, start) + 16}" y1="${y(from)}" x2="${x(to, received) - 18}" y2="${y(to)}" ${style}/>`);
  }
  for (const { id, present } of graph.processes) {
    for (const number of ends(id)) {
      const fill = number === line[id] ? COLOURS.line : isKept(id, number) ? COLOURS.kept : COLOURS.undone;
      const [left, label] = [x(id, number), number === present ? '…' : String(number)];
      const shape =
        number === present
          ? `<circle cx="${left}" cy="${y(id)}" r="12" fill="${fill}"/>`
          : `<rect x="${left - 12}" y="${y(id) - 12}" width="24" height="24" rx="4" fill="${fill}"/>`;
      parts.push(`${shape}<text x="${left}" y="${y(id) + 5}" class="number">${label}</text>`);
    }
  }
  const points = graph.processes.map(({ id }) => `${x(id, line[id] ?? 0)},${y(id)}`);
  const first = graph.processes[0]?.id ?? '';
  const last = graph.processes.at(-1)?.id ?? '';
  const curve = [`${x(first, line[first] ?? 0)},${TOP - 8}`, ...points, `${x(last, line[last] ?? 0)},${height - 44}`].join(' ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif">`,
    '<style>.name{font-size:16px;font-weight:bold}.number{font-size:13px;fill:#fff;text-anchor:middle}.note{font-size:13px;fill:#455a64}</style>',
    `<defs>${arrow('kept')}${arrow('undone')}</defs><rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="16" y="28" class="name">${escaped(title)}</text>`,
    `<polyline points="${curve}" fill="none" stroke="${COLOURS.line}" stroke-width="6" stroke-opacity="0.45"/>`,
    ...parts,
    `<text x="16" y="${height - 14}" class="note">green: the recovery line · red, dashed: undone · squares: checkpoints · circles: the present</text>`,
    '</svg>',
  ].join('\n');
}

function arrow(id: 'kept' | 'undone'): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="${COLOURS[id]}"/></marker>`;
}

function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (one) => `&#${one.charCodeAt(0)};`);
}
