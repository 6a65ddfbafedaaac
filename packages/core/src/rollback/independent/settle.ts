import { InvariantError } from '../../base/errors.js';
import { certify } from '../line/certify.js';
import { graphData } from '../line/data.js';
import { LineArgumentError, LineLostError } from '../line/errors.js';
import { explain } from '../line/explain.js';
import type { DominoReport } from '../line/explain.js';
import type { CheckpointGraph } from '../line/graph.js';
import { startOfFailure } from '../line/recovery-line.js';
import type { Start } from '../line/recovery-line.js';
import { graphOf } from './graph-of.js';
import type { GroupRecord, Recovery, Wish } from './group.js';
import type { ProcessRecord } from './records.js';

/** Whether everybody stands still and has told what it has. */
export function haveAnswered({ members, epoch }: GroupRecord, records: readonly ProcessRecord[]): boolean {
  return members.every((id) => records.some(({ process, answered }) => process === id && answered === epoch));
}

/** The line of an epoch: the same for whoever computes it, certified before anybody goes to it. */
export function settle({ epoch, failed, wish }: GroupRecord, records: readonly ProcessRecord[], now: number): Recovery {
  const { graph } = graphOf(records);
  const forced = certified(graph, startOfFailure(graph, failed), now);
  const wished = wish && asked(graph, forced, wish, now);
  const report = wished && !isRefused(forced, wished, wish) ? wished : forced;
  return {
    epoch,
    line: report.line,
    restoring: report.rolledBack.map(({ process }) => process).sort(),
    report,
    graph: graphData(graph),
    ...(wish && report !== wished ? { refused: { by: wish.by, report: wished ?? forced } } : {}),
  };
}

/** What would be done to have the wish; undefined: it cannot be had any more. */
function asked(graph: CheckpointGraph, { start }: DominoReport, { to }: Wish, now: number): DominoReport | undefined {
  const both = { ...to, ...start };
  for (const [id, number] of Object.entries(to)) both[id] = Math.min(number, start[id] ?? Infinity);
  try {
    return certified(graph, both, now);
  } catch (error) {
    if (error instanceof LineLostError || error instanceof LineArgumentError) return undefined;
    throw error;
  }
}

function isRefused(forced: DominoReport, wished: DominoReport, { to, scope }: Wish): boolean {
  if (scope === 'group') return false;
  return Object.entries(wished.line).some(([id, number]) => to[id] === undefined && number !== forced.line[id]);
}

function certified(graph: CheckpointGraph, start: Start, now: number): DominoReport {
  const report = explain(graph, start, now);
  const verdict = certify(graph, start, report.line);
  if (verdict !== 'ok') throw new InvariantError(`The recovery line is not certified: ${JSON.stringify(verdict)}.`, { verdict });
  return report;
}
