import { describe, expect, it } from 'vitest';
import { collectable, inTransit, uselessCheckpoints } from './collect.js';
import { explain } from './explain.js';
import { below, chance, Execution } from './executions.fixture.js';
import { createGraph } from './graph.js';
import type { CheckpointGraph } from './graph.js';
import { recoveryLine, startOfFailure } from './recovery-line.js';
import { dominoDot, dominoMermaid, dominoText } from './render.js';

const RUNS = Number(process.env['REDRESS_RUNS'] ?? (process.env['REDRESS_TESTS'] === 'full' ? 3_000 : 150));

/** The worked example: P1 pays 40 to P2, which pays 25 of it on to P3. */
function worked(): CheckpointGraph {
  const graph = createGraph();
  for (const id of ['P1', 'P2', 'P3']) graph.process(id, { takenAt: [0] });
  graph.checkpoint('P1', 1);
  graph.message({ from: 'P1', sent: 2, to: 'P2', received: 1, name: 'm1' });
  graph.checkpoint('P2', 4);
  graph.message({ from: 'P2', sent: 2, to: 'P3', received: 1, name: 'm2' });
  graph.checkpoint('P3', 7);
  return graph;
}

/** Two processes that deliver, checkpoint and send in turn. */
function staircase(rounds: number, bcs: boolean): CheckpointGraph {
  const graph = createGraph();
  graph.process('A');
  graph.process('B');
  const index = new Map([
    ['A', 0],
    ['B', 0],
  ]);
  let last = { from: 'B', sent: 1, index: 0 };
  for (let turn = 0; turn < 2 * rounds; turn++) {
    const id = turn % 2 === 0 ? 'A' : 'B';
    if (bcs && last.index > (index.get(id) as number)) {
      index.set(id, last.index);
      graph.checkpoint(id);
    }
    graph.message({ from: last.from, sent: last.sent, to: id, received: graph.present(id) });
    index.set(id, (index.get(id) as number) + 1);
    graph.checkpoint(id);
    last = { from: id, sent: graph.present(id), index: index.get(id) as number };
  }
  return graph;
}

describe('the domino effect', () => {
  it.each([
    [['P1'], { P1: 1, P2: 0, P3: 0 }],
    [['P2'], { P1: 2, P2: 1, P3: 0 }],
    [['P3'], { P1: 2, P2: 2, P3: 1 }],
    [['P2', 'P3'], { P1: 2, P2: 1, P3: 0 }],
    [['P1', 'P2', 'P3'], { P1: 1, P2: 0, P3: 0 }],
  ])('worked example: when %j fail, the line is %j', (failed, line) => {
    const graph = worked();
    expect(recoveryLine(graph, startOfFailure(graph, failed))).toEqual(line);
  });

  it('worked example: the report of P1 lists m1 and m2 with 2 hops, and P2 and P3 back to the start', () => {
    const graph = worked();
    const report = explain(graph, startOfFailure(graph, ['P1']), 8);
    expect(report).toMatchObject({ maxHops: 2, backToStart: 2, checkpointsLost: 2 });
    expect(
      report.rolledBack.map(({ process, from, to, lostMs, chain }) => [process, from, to, lostMs, chain.map(({ name }) => name)]),
    ).toEqual([
      ['P1', 2, 1, 7, []],
      ['P2', 2, 0, 8, ['m1']],
      ['P3', 2, 0, 8, ['m1', 'm2']],
    ]);
    expect(dominoText(report)).toBe(
      [
        'Recovery line: P1 1, P2 0, P3 0',
        '  P1: 2 → 1 (7 ms lost), from here it begins',
        '  P2: 2 → 0 (1 checkpoint, 8 ms lost), 1 hop: m1, P1 (interval 2) → P2 (interval 1)',
        '  P3: 2 → 0 (1 checkpoint, 8 ms lost), 2 hops: m1, P1 (interval 2) → P2 (interval 1), then m2, P2 (interval 2) → P3 (interval 1)',
        '3 of 3 processes go back, 2 of them to the start; 2 checkpoints lost; 2 hops at most.',
      ].join('\n'),
    );
  });

  it('worked example: all but c(1,0) is needed', () => {
    expect(collectable(worked())).toEqual([{ process: 'P1', number: 0 }]);
  });

  it('tells which messages are in transit, delivered or not', () => {
    const graph = worked();
    graph.message({ from: 'P1', sent: 1, to: 'P3', name: 'early' });
    graph.message({ from: 'P1', sent: 1, to: 'P2', received: 2, name: 'late' });
    const line = recoveryLine(graph, startOfFailure(graph, ['P1']));
    expect(inTransit(graph, line).map(({ name }) => name)).toEqual(['early', 'late']);
  });

  it.each([5, 50, 500])('IN3: a staircase of %i is lost whole; with forced checkpoints at most one checkpoint is', (rounds) => {
    const plain = staircase(rounds, false);
    const report = explain(plain, startOfFailure(plain, ['A']));
    expect(report).toMatchObject({ line: { A: 0, B: 0 }, backToStart: 2, checkpointsLost: 2 * rounds });
    expect(report.maxHops).toBe(2 * rounds);
    const forced = staircase(rounds, true);
    for (const id of ['A', 'B']) {
      const { rolledBack } = explain(forced, startOfFailure(forced, [id]));
      for (const { checkpoints } of rolledBack) expect(checkpoints).toBeLessThanOrEqual(1);
    }
  });

  it(`IN7: no line ever needs a checkpoint that was collected, and at most N(N+1)/2 are kept (${RUNS} executions)`, () => {
    let [taken, kept, bound] = [0, 0, 0];
    for (let seed = 0; seed < RUNS; seed++) {
      const random = chance(seed + 3_000_000);
      const execution = new Execution(2 + below(random, 4));
      const gone = new Set<string>();
      for (let steps = 20 + below(random, 80); steps > 0; steps--) {
        execution.step(random);
        const { graph } = execution;
        for (const { process, number } of collectable(graph)) gone.add(`${process} ${number}`);
        const there = graph.processes.flatMap((id) => graph.checkpoints(id).filter((number) => !gone.has(`${id} ${number}`)));
        const most = (graph.processes.length * (graph.processes.length + 1)) / 2;
        expect(there.length).toBeLessThanOrEqual(most);
        if (there.length === most) bound += 1;
        const failed = graph.processes.filter(() => random() < 0.4);
        for (const [id, number] of Object.entries(recoveryLine(graph, startOfFailure(graph, failed)))) {
          expect(gone.has(`${id} ${number}`), `seed ${seed}`).toBe(false);
        }
        if (steps === 1) kept += there.length;
      }
      taken += execution.graph.processes.reduce((sum, id) => sum + execution.graph.checkpoints(id).length, 0);
    }
    expect(kept).toBeLessThan(taken / 2);
    expect(bound).toBeGreaterThan(0);
  }, 300_000);

  it('IN8: with forced checkpoints no checkpoint is useless', () => {
    let checked = 0;
    for (let seed = 0; seed < RUNS; seed++) {
      const random = chance(seed + 4_000_000);
      const execution = new Execution(2 + below(random, 5), true);
      for (let steps = 50 + below(random, 100); steps > 0; steps--) execution.step(random, 0.1);
      expect(uselessCheckpoints(execution.graph), `seed ${seed}`).toEqual([]);
      checked += execution.forced;
    }
    expect(checked).toBeGreaterThan(RUNS);
  }, 120_000);

  it('IN9: without them most are, in dense traffic', () => {
    const random = chance(9);
    const execution = new Execution(8);
    for (let steps = 2_000; steps > 0; steps--) execution.step(random, 0.05);
    const all = execution.graph.processes.reduce((sum, id) => sum + execution.graph.checkpoints(id).length, 0);
    expect(uselessCheckpoints(execution.graph).length / all).toBeGreaterThan(0.5);
  });

  it('explains the line that the worklist finds, with chains that hold', () => {
    for (let seed = 0; seed < RUNS; seed++) {
      const random = chance(seed + 5_000_000);
      const execution = new Execution(2 + below(random, 6));
      for (let steps = below(random, 120); steps > 0; steps--) execution.step(random, 0.15);
      const { graph } = execution;
      const start = startOfFailure(
        graph,
        graph.processes.filter(() => random() < 0.4),
      );
      for (const { process, to, chain } of explain(graph, start).rolledBack) {
        const isFirst = chain.length === 0;
        expect(isFirst ? start[process] : chain.at(-1)?.received, `seed ${seed}`).toBe(isFirst ? to : to + 1);
        // Each message was sent in an interval that the one before it has undone, the first by one that the failure has.
        const holds = chain.every(({ from, sent, to: receiver, received = Infinity }, i) => {
          const before = chain[i - 1];
          const isSentUndone = before ? before.to === from && sent >= (before.received ?? Infinity) : sent > (start[from] ?? Infinity);
          return isSentUndone && received < Infinity && receiver === (chain[i + 1]?.from ?? process);
        });
        expect(holds, `seed ${seed}, ${process}`).toBe(true);
      }
    }
  });

  it('draws the graph for Mermaid and for Graphviz', () => {
    const graph = worked();
    const report = explain(graph, startOfFailure(graph, ['P2']));
    const mermaid = dominoMermaid(graph, report);
    expect(mermaid).toContain('p1c0["0"] --> p1c1["1"] --> p1c2(["now"])');
    expect(mermaid).toContain('p0c2 -- "m1" --> p1c1');
    expect(mermaid).toContain('p1c2 -. "m2" .-> p2c1');
    expect(mermaid).toContain('class p1c1 line');
    expect(mermaid).toContain('class p2c1,p2c2 undone');
    const dot = dominoDot(graph, report);
    expect(dot).toContain('p1c2 -> p2c1 [label="m2", constraint=false, style=dashed, color="#c62828"];');
    expect(dot).toContain('p1c1 [label="1", fillcolor="#2e7d32", fontcolor=white];');
  });
});
