import { sleep } from '../../base/clock.js';
import { StoreUnavailableError } from '../../base/errors.js';
import { recordsOf } from './graph-of.js';
import { fixed, joined } from './group.js';
import type { FixedLine, GroupRecord } from './group.js';
import { readGroup, step } from './group-stream.js';
import type { Member } from './member.js';
import { haveAnswered, settle } from './settle.js';

/** How often one looks whether the others have come as far; and how long one waits for a store that does not answer. */
const LOOK_MS = 10;
const PAUSE_MS = 200;

/**
 * Takes part in the recoveries of the group until it is open; each step may be repeated, by this life or another one:
 * go to the lines that are fixed; stand still and tell what was received; fix the line when all have told; join.
 * Undefined: `isEnding` came first.
 */
export async function takePart(member: Member, isEnding: () => boolean): Promise<GroupRecord | undefined> {
  const { clock } = member.environment;
  while (!isEnding()) {
    const group = await attempt(member);
    if (group?.phase === 'open') return group;
    // It keeps the operating-system process alive: others wait for this one.
    await sleep(clock, group ? LOOK_MS : PAUSE_MS);
  }
  return undefined;
}

/** Undefined when the store does not answer. Who has told what it has must not do anything else until the group is open. */
async function attempt(member: Member): Promise<GroupRecord | undefined> {
  try {
    return await advance(member, await readGroup(member.store, member.group));
  } catch (error) {
    if (error instanceof StoreUnavailableError) return undefined;
    throw error;
  }
}

async function advance(member: Member, group: GroupRecord): Promise<GroupRecord> {
  const { store, group: name, id, stream } = member;
  for (const line of group.lines) if (line.epoch > stream.record.applied) await goTo(member, line);
  const { epoch, phase } = group;
  if (phase === 'restoring') return step(store, name, { key: `joined:${epoch}:${id}`, next: (now) => joining(now, epoch, id) });
  if (phase === 'open') return group;
  if (stream.record.answered < epoch) await member.answer(epoch, group.failed.includes(id));
  const records = await recordsOf(store, name);
  if (!haveAnswered(group, records)) return group;
  const recovery = settle(group, records, member.environment.clock.now());
  const incarnations = Object.fromEntries(records.map(({ process, incarnation }) => [process, incarnation]));
  const next = (now: GroupRecord) => {
    const isOpen = now.epoch === epoch && now.phase === 'collecting';
    return isOpen
      ? { group: fixed(now, { epoch, line: recovery.line, restoring: recovery.restoring }, incarnations), recovery }
      : undefined;
  };
  // Whoever comes first fixes the line; all go to that one.
  return step(store, name, { key: `line:${epoch}`, next });
}

function joining(now: GroupRecord, epoch: number, id: string): { group: GroupRecord } | undefined {
  return now.epoch === epoch && now.phase === 'restoring' ? { group: joined(now, id) } : undefined;
}

async function goTo(member: Member, { epoch, line, restoring }: FixedLine): Promise<void> {
  if (restoring.includes(member.id)) await member.restore(epoch, line[member.id] as number);
  else await member.keep(epoch);
}
