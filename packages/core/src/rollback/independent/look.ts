import { trimChannel } from '../channel/upkeep.js';
import { collectable, uselessCheckpoints } from '../line/collect.js';
import { explain } from '../line/explain.js';
import type { DominoReport } from '../line/explain.js';
import { startOfFailure } from '../line/recovery-line.js';
import { graphOf, recordsOf } from './graph-of.js';
import type { Drawn } from './graph-of.js';
import { readGroup } from './group-stream.js';
import type { Member } from './member.js';

/** What one look at the records of all processes tells. */
export interface Look {
  /** What a failure of this process would cost now. */
  readonly report: DominoReport;
  /** Own checkpoints that are in no consistent line at all. */
  readonly useless: readonly number[];
  /** Own checkpoints that nobody will ever need; undefined: it cannot be told now. */
  readonly garbage: ReadonlySet<number> | undefined;
}

/** How often the records are read, until they are of one moment. */
const TRIES = 5;

export async function look(member: Member): Promise<Look> {
  const { store, group, id } = member;
  const before = await readGroup(store, group);
  let drawn = await draw(member);
  for (let tries = 1; !drawn.isCut && tries < TRIES; tries++) drawn = await draw(member);
  const after = await readGroup(store, group);
  const { graph, isCut } = drawn;
  // In the middle of a recovery, and between a message's sending and its receipt, the records are not of one moment.
  const isOfOneMoment = isCut && before.phase === 'open' && after.epoch === before.epoch && graph.processes.length === after.members.length;
  return {
    report: explain(graph, startOfFailure(graph, [id]), member.environment.clock.now()),
    useless: uselessCheckpoints(graph, [id]).map(({ number }) => number),
    garbage: isOfOneMoment ? new Set(collectable(graph).flatMap(({ process, number }) => (process === id ? [number] : []))) : undefined,
  };
}

async function draw(member: Member): Promise<Drawn> {
  const { store, group, id, stream } = member;
  const others = (await recordsOf(store, group)).filter(({ process }) => process !== id);
  // What others have received since their last checkpoint is not written anywhere. What this one has is known here, and must
  // fit its record: both are of this very moment.
  return graphOf([...others, stream.record], ({ process }) => (process === id ? member.present.received : {}));
}

/** Lets the incoming channels forget what no checkpoint that is kept would read again. */
export async function trimIncoming(member: Member): Promise<void> {
  const { store, group, id, stream } = member;
  const oldest = stream.record.checkpoints[0]?.positions ?? {};
  for (const [from, position] of Object.entries(oldest)) await trimChannel(store, { group, from, to: id }, position);
}
