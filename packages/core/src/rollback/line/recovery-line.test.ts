import { describe, expect, it } from 'vitest';
import { certify } from './certify.js';
import { below, bruteForce, chance, Execution, markedLine, naiveLine, randomStart } from './executions.fixture.js';
import { createGraph } from './graph.js';
import { isConsistent, orphansOf } from './message.js';
import { recoveryLine, startOfFailure } from './recovery-line.js';

const FULL = process.env['REDRESS_TESTS'] === 'full';
const RUNS = Number(process.env['REDRESS_RUNS'] ?? 20_000);

describe('the recovery line', () => {
  it(`IN4: worklist, naive fixpoint, Wang's marking and brute force agree in ${RUNS} random executions`, () => {
    const domino = { moved: 0, hit: 0 };
    for (let seed = 0; seed < RUNS; seed++) {
      const random = chance(seed);
      const execution = new Execution(2 + below(random, 3));
      for (let steps = below(random, 30); steps > 0 && execution.ids.every((id) => execution.graph.present(id) <= 6); steps--) {
        execution.step(random);
      }
      const { graph } = execution;
      const start = randomStart(graph, random);
      const line = recoveryLine(graph, start);
      const greatest = bruteForce(graph, start);
      expect(greatest, `seed ${seed}`).toEqual([line]);
      expect(naiveLine(graph, start), `seed ${seed}`).toEqual(line);
      expect(markedLine(graph, start), `seed ${seed}`).toEqual(line);
      expect(certify(graph, start, line), `seed ${seed}`).toBe('ok');
      expect(isConsistent(line, graph.messages())).toBe(true);
      domino.hit += Object.keys(start).length;
      domino.moved += graph.processes.filter((id) => line[id] !== graph.present(id)).length;
    }
    // The executions are such that others are drawn in.
    expect(domino.moved).toBeGreaterThan(domino.hit * 1.1);
  }, 300_000);

  it('IN5: up to 64 processes and 10,000 events: the line is certified, and each line moved by one is refused', () => {
    let moved = 0;
    for (let seed = 0; seed < (FULL ? 100 : 10); seed++) {
      const random = chance(seed + 1_000_000);
      const execution = new Execution(2 + below(random, 63));
      for (let steps = 1_000 + below(random, 9_000); steps > 0; steps--) execution.step(random, 0.05);
      const { graph } = execution;
      const start = randomStart(graph, random);
      const line = recoveryLine(graph, start);
      expect(certify(graph, start, line)).toBe('ok');
      for (const id of graph.processes) {
        const all = [...graph.checkpoints(id), graph.present(id)];
        const at = all.indexOf(line[id] as number);
        for (const number of [all[at - 1], all[at + 1]]) {
          if (number === undefined) continue;
          expect(certify(graph, start, { ...line, [id]: number }), `seed ${seed}, ${id} at ${number}`).not.toBe('ok');
          moved += 1;
        }
      }
    }
    expect(moved).toBeGreaterThan(100);
  }, 300_000);

  it('IN6: the line of two failures is the lower of their lines; without a failure it is the present', () => {
    for (let seed = 0; seed < (FULL ? RUNS : 2_000); seed++) {
      const random = chance(seed + 2_000_000);
      const execution = new Execution(2 + below(random, 5));
      for (let steps = below(random, 60); steps > 0; steps--) execution.step(random);
      const { graph } = execution;
      const lineOf = (failed: readonly string[]) => recoveryLine(graph, startOfFailure(graph, failed));
      const [a, b] = [graph.processes.filter(() => random() < 0.3), graph.processes.filter(() => random() < 0.3)];
      const [lineA, lineB] = [lineOf(a), lineOf(b)];
      const lower = Object.fromEntries(graph.processes.map((id) => [id, Math.min(lineA[id] as number, lineB[id] as number)]));
      expect(lineOf([...a, ...b.filter((id) => !a.includes(id))])).toEqual(lower);
      expect(lineOf([])).toEqual(Object.fromEntries(graph.processes.map((id) => [id, graph.present(id)])));
    }
  }, 120_000);

  it('names the orphan messages of a line that is none', () => {
    const graph = createGraph();
    graph.process('A');
    graph.process('B');
    graph.message({ from: 'A', sent: 1, to: 'B', received: 1, name: 'm1' });
    graph.checkpoint('B');
    const line = { A: 0, B: 1 };
    expect(orphansOf(line, graph.messages())).toEqual([{ from: 'A', sent: 1, to: 'B', received: 1, name: 'm1' }]);
    expect(certify(graph, { A: 0 }, line)).toMatchObject({ kind: 'orphan', message: { name: 'm1' } });
  });

  it('counts an interval whose checkpoint is forgotten for the next one, and skips undone numbers', () => {
    const graph = createGraph();
    // 1 is forgotten; 4 and 5 were undone.
    graph.process('A', { checkpoints: [0, 2, 3], present: 6 });
    graph.process('B', { checkpoints: [2], present: 3 });
    graph.message({ from: 'A', sent: 1, to: 'B', received: 3 });
    expect(recoveryLine(graph, { A: 2 })).toEqual({ A: 2, B: 3 });
    expect(recoveryLine(graph, { A: 0 })).toEqual({ A: 0, B: 2 });
    expect([graph.checkpoint('A'), graph.present('A')]).toEqual([6, 7]);
  });

  it('says that a checkpoint is lost which the line would need', () => {
    const graph = createGraph();
    graph.process('A');
    graph.process('B', { checkpoints: [2] });
    graph.message({ from: 'A', sent: 1, to: 'B', received: 2 });
    expect(() => recoveryLine(graph, { A: 0 })).toThrow(expect.objectContaining({ code: 'LINE_LOST' }));
  });

  it('refuses names and numbers that it does not know', () => {
    const graph = createGraph();
    graph.process('A', { checkpoints: [0, 2] });
    expect(() => graph.process('A')).toThrow(expect.objectContaining({ code: 'LINE_ARGUMENT' }));
    expect(() => graph.process('B', { checkpoints: [1, 1] })).toThrow(expect.objectContaining({ code: 'LINE_ARGUMENT' }));
    expect(() => recoveryLine(graph, { Z: 0 })).toThrow(expect.objectContaining({ code: 'LINE_ARGUMENT' }));
    expect(() => recoveryLine(graph, { A: 1 })).toThrow(expect.objectContaining({ code: 'LINE_ARGUMENT' }));
    expect(() => graph.message({ from: 'A', sent: 4, to: 'A', received: 1 })).toThrow(expect.objectContaining({ code: 'LINE_ARGUMENT' }));
    expect(certify(graph, {}, { A: 1 })).toEqual({ kind: 'unknown', process: 'A' });
    expect(certify(graph, { A: 0 }, { A: 2 })).toEqual({ kind: 'above-start', process: 'A' });
  });
});
