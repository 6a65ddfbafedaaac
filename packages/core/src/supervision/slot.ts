import type { ChildSpec } from './child.js';
import type { Life } from './life.js';

/** The place of one child among its siblings, through all of its lives. */
export class Slot {
  life: Life | undefined;
  starting = false;
  /** It is to be started, at `dueAt` or later. */
  pending = true;
  dueAt = 0;
  /** Its life is to be ended before anything else happens. */
  halting = false;
  /** With its life this place ends. */
  dropped = false;
  generation = 0;
  /** Failures in a row, for the back-off. */
  failures = 0;

  constructor(
    readonly id: string,
    readonly spec: ChildSpec,
    /** Which member of a group it is. */
    readonly member: number | undefined,
  ) {}

  get state(): 'starting' | 'running' | 'stopping' | 'waiting' | 'ended' {
    if (this.starting) return 'starting';
    if (this.life) return this.halting || this.dropped ? 'stopping' : 'running';
    return this.pending ? 'waiting' : 'ended';
  }

  get ready(): boolean {
    return this.state === 'running' && this.life?.ready === true && !this.life.verdict;
  }
}

/** The places of one spec: one, or those of a group, with the lowest free number for a new one. */
export function newSlot(spec: ChildSpec, slots: readonly Slot[]): Slot {
  if (spec.count === undefined) return new Slot(spec.id, spec, undefined);
  const taken = new Set(slots.filter((slot) => slot.spec === spec).map(({ member }) => member));
  let member = 1;
  while (taken.has(member)) member += 1;
  return new Slot(`${spec.id}.${member}`, spec, member);
}

/** The one that a group can spare: without a life, else idle, else any; of these the newest. */
export function spare(members: readonly Slot[]): Slot | undefined {
  const rank = ({ life }: Slot): number => (!life ? 0 : isBusy(life) ? 2 : 1);
  const age = ({ life }: Slot): number => -(life?.startedAt ?? 0);
  return members.toSorted((a, b) => rank(a) - rank(b) || age(a) - age(b) || (b.member ?? 0) - (a.member ?? 0))[0];
}

function isBusy(life: Life): boolean {
  try {
    return life.running?.busy?.() ?? false;
  } catch {
    return false;
  }
}
