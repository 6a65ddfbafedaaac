import { certify, createGraph, explain, recoveryLine, startOfFailure } from '@redress/core';
import { median, row } from './measure.mjs';

const PROCESSES = 1_000;
const MESSAGES = 1_000_000;
const CHECKPOINTS = 100_000;
const GOAL_MS = 150;

/** Chance that a seed repeats, so that all runs build the same graph. */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Random traffic: a message in ten out of eleven events, delivered later. */
function traffic(messages, checkpoints) {
  const random = chance(1);
  const graph = createGraph();
  const ids = Array.from({ length: PROCESSES }, (_, i) => `P${i}`);
  for (const id of ids) graph.process(id);
  const flying = [];
  let delivered = 0;
  while (delivered < messages) {
    const id = ids[Math.floor(random() * PROCESSES)];
    if (random() < checkpoints / (checkpoints + 2 * messages)) graph.checkpoint(id);
    else if (flying.length < PROCESSES || random() < 0.5) flying.push({ from: id, sent: graph.present(id) });
    else {
      const at = Math.floor(random() * flying.length);
      const one = flying[at];
      flying[at] = flying.at(-1);
      flying.pop();
      if (one.from === id) continue;
      graph.message({ ...one, to: id, received: graph.present(id) });
      delivered += 1;
    }
  }
  return graph;
}

/** Milliseconds of this process's own time, the median of some rounds. */
function cpuMs(rounds, work) {
  const times = [];
  for (let round = -1; round < rounds; round++) {
    globalThis.gc?.();
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    if (round >= 0) times.push((user + system) / 1_000);
  }
  return median(times);
}

/** The recovery line of a large group, after one failure, where nearly everything is undone. */
export async function run(print, { quick }) {
  const [messages, checkpoints, rounds] = quick ? [MESSAGES / 10, CHECKPOINTS / 10, 3] : [MESSAGES, CHECKPOINTS, 7];
  let graph;
  const build = cpuMs(1, () => (graph = traffic(messages, checkpoints)));
  const start = startOfFailure(graph, ['P0']);
  const line = recoveryLine(graph, start);
  const taken = graph.processes.reduce((sum, id) => sum + graph.checkpoints(id).length, 0);
  const report = explain(graph, start);
  print(
    `Recovery line: ${PROCESSES} processes, ${taken} checkpoints, ${messages} messages; one fails, ${report.rolledBack.length} go back, ${report.checkpointsLost} checkpoints are undone.`,
  );
  // Each time something was added, so the graph is sorted anew.
  const found = cpuMs(rounds, () => {
    graph.message({ from: 'P0', sent: 1, to: 'P1' });
    recoveryLine(graph, start);
  });
  const rows = [
    ['the line, of a graph that has grown', found],
    ['the line again', cpuMs(rounds, () => recoveryLine(graph, start))],
    ['its certificate', cpuMs(rounds, () => certify(graph, start, line))],
    ['the report', cpuMs(rounds, () => explain(graph, start))],
    ['the graph (traffic included)', build],
  ];
  for (const [what, ms] of rows) print(row([what, `${ms.toFixed(0)} ms CPU`], [36, 14]));
  print(`The line within ${GOAL_MS} ms: ${found <= GOAL_MS ? 'yes' : 'NO'}. Certified: ${JSON.stringify(certify(graph, start, line))}.`);
}
