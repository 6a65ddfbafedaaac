import { createGraph, explain, graphData, startOfFailure } from '@redress/core';
import type { CheckpointGraph } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { columns, picture } from './picture.js';

/** The worked example of docs/recovery-lines.md. */
function worked(): CheckpointGraph {
  const graph = createGraph();
  for (const id of ['P1', 'P2', 'P3']) graph.process(id);
  graph.checkpoint('P1');
  graph.message({ from: 'P1', sent: 2, to: 'P2', received: 1, name: 'm1' });
  graph.checkpoint('P2');
  graph.message({ from: 'P2', sent: 2, to: 'P3', received: 1, name: 'm2' });
  graph.checkpoint('P3');
  return graph;
}

describe('the picture', () => {
  it('puts what comes later further to the right', () => {
    const places = columns(graphData(worked()));
    expect([...(places.get('P1') ?? [])]).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect([...(places.get('P2') ?? [])]).toEqual([
      [0, 0],
      [1, 2],
      [2, 3],
    ]);
    expect([...(places.get('P3') ?? [])].map(([, place]) => place)).toEqual([0, 3, 4]);
  });

  it('shows each checkpoint, each message, and which of them are undone', () => {
    const graph = worked();
    const { line } = explain(graph, startOfFailure(graph, ['P2']));
    const svg = picture(graphData(graph), line, 'a < b');
    expect(svg).toContain('a &#60; b');
    expect(svg.match(/<rect x=/g)).toHaveLength(6);
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg.match(/marker-end="url\(#kept\)"/g)).toHaveLength(1);
    expect(svg.match(/marker-end="url\(#undone\)"/g)).toHaveLength(1);
    expect(svg.match(/<polyline/g)).toHaveLength(1);
  });
});
