import type { GraphData } from '../line/data.js';
import type { DominoReport } from '../line/explain.js';
import type { Line, MessageId, ProcessId } from '../words.js';

/** An incarnation that has ended: what it did after the interval `last` is undone. */
export interface Ended {
  readonly incarnation: number;
  readonly last: number;
}

/** The line of one epoch, fixed once. */
export interface FixedLine {
  readonly epoch: number;
  readonly line: Line;
  /** Those that restore a checkpoint; the others keep their present. */
  readonly restoring: readonly ProcessId[];
}

/** What was decided in one recovery. */
export interface Recovery extends FixedLine {
  readonly report: DominoReport;
  /** What the processes had told of, before it. */
  readonly graph: GraphData;
  /** What was asked for would have cost others something, or cannot be had any more: nobody went back for it. */
  readonly refused?: { readonly by: ProcessId; readonly report: DominoReport };
}

/** A process asks that some go back without a failure. */
export interface Wish {
  readonly by: ProcessId;
  readonly to: Line;
  /** `instance`: only if nobody else has to. */
  readonly scope: 'instance' | 'group';
}

/** The head of a group's stream. */
export interface GroupRecord {
  readonly members: readonly ProcessId[];
  /** Grows by 1 with each recovery that begins. */
  readonly epoch: number;
  /** `open`: at work. `collecting`: all stand still and tell what they have. `restoring`: the line is fixed, all go to it. */
  readonly phase: 'open' | 'collecting' | 'restoring';
  /** Whose present is lost. */
  readonly failed: readonly ProcessId[];
  readonly wish: Wish | null;
  /** Lines that somebody has still to apply, in order. */
  readonly lines: readonly FixedLine[];
  readonly joined: readonly ProcessId[];
  /** The incarnation table: what is sent by an undone interval is dropped by it. */
  readonly ended: Readonly<Record<ProcessId, readonly Ended[]>>;
}

export function founded(members: readonly ProcessId[]): GroupRecord {
  return { members: [...members].sort(), epoch: 0, phase: 'open', failed: [], wish: null, lines: [], joined: [], ended: {} };
}

/** A recovery begins, also in the middle of another one: that is given up, except for lines that were fixed already. */
export function begun(group: GroupRecord, failed: readonly ProcessId[], wish: Wish | null): GroupRecord {
  const still = group.phase === 'open' ? [] : group.failed.filter((id) => !group.joined.includes(id));
  return {
    ...group,
    epoch: group.epoch + 1,
    phase: 'collecting',
    failed: [...new Set([...still, ...failed])].sort(),
    wish: wish ?? (group.phase === 'collecting' ? group.wish : null),
    joined: [],
  };
}

/** The line of the epoch is fixed; `incarnations` are those that end with it. */
export function fixed(
  group: GroupRecord,
  { epoch, line, restoring }: FixedLine,
  incarnations: Readonly<Record<ProcessId, number>>,
): GroupRecord {
  const ended = { ...group.ended };
  for (const id of restoring) {
    const last = line[id] as number;
    // What earlier incarnations did after this point is undone with it.
    const earlier = (ended[id] ?? []).map((one) => ({ ...one, last: Math.min(one.last, last) }));
    ended[id] = [...earlier, { incarnation: incarnations[id] as number, last }];
  }
  return { ...group, phase: 'restoring', lines: [...group.lines, { epoch, line, restoring }], ended };
}

/** A member stands on the line. The last one opens the group. */
export function joined(group: GroupRecord, process: ProcessId): GroupRecord {
  const all = [...new Set([...group.joined, process])].sort();
  if (all.length < group.members.length) return { ...group, joined: all };
  return { ...group, phase: 'open', failed: [], wish: null, lines: [], joined: [] };
}

/** Whether a message comes from an interval that was undone. */
export function isGhost({ ended }: GroupRecord, { sender, incarnation }: MessageId, interval: number): boolean {
  return ended[sender]?.some((one) => one.incarnation === incarnation && interval > one.last) ?? false;
}
