import type { ProcessId } from '../words.js';

/** Where the tentative state of a member lies. */
export interface StateRef {
  readonly stream: string;
  /** Of all of it, so that nobody restores what was damaged. */
  readonly sum: number;
}

export type States = Readonly<Record<ProcessId, StateRef>>;

/** One state of each member, all of one moment. Number 0: the initial state of each. */
export interface RoundLine {
  readonly round: number;
  readonly states: States;
}

export interface OpenRound {
  readonly number: number;
  /** On the store's clock, milliseconds. */
  readonly deadlineAt: number;
  /** Kept until it is released, and not subsumed by a later round. */
  readonly pinned: boolean;
  readonly states: States;
}

export type Decision = 'committed' | 'aborted' | 'subsumed';

/** All that a group has agreed upon: it lies in one stream, and each change is one guarded commit. */
export interface Register {
  readonly members: readonly ProcessId[];
  /** Grows with each recovery. What belongs to an older one is refused. */
  readonly epoch: number;
  /** `recovering`: until all members have joined. */
  readonly phase: 'recovering' | 'running';
  readonly joined: readonly ProcessId[];
  /** Of each member the life that speaks for it: a process that begins anew is another one. */
  readonly lives: Readonly<Record<ProcessId, string>>;
  /** What the members of this epoch began with. */
  readonly line: RoundLine;
  /** What a recovery goes back to. */
  readonly latest: RoundLine;
  readonly pinned: readonly RoundLine[];
  /** The last number that was given to a round. */
  readonly last: number;
  readonly open: readonly OpenRound[];
  /** Of the last rounds, and why. */
  readonly decided: Readonly<Record<number, { readonly is: Decision; readonly why: string }>>;
  /** Rounds that failed one after the other, and the last one that was counted. */
  readonly failures: { readonly streak: number; readonly counted: number };
}

export type RegisterEvent =
  | { readonly type: 'begin'; readonly epoch: number; readonly deadlineAt: number; readonly pinned?: boolean; readonly atOnce?: number }
  | {
      readonly type: 'ack';
      readonly epoch: number;
      readonly round: number;
      readonly process: ProcessId;
      readonly life: string;
      readonly state: StateRef;
    }
  | { readonly type: 'decline'; readonly epoch: number; readonly round: number; readonly process: ProcessId; readonly why: string }
  | { readonly type: 'commit'; readonly epoch: number; readonly round: number }
  /** Anybody may, after the deadline. `now`: on the store's clock. */
  | { readonly type: 'abort'; readonly epoch: number; readonly round: number; readonly now: number }
  /** `by`: the member that begins anew, and speaks for itself from now on. */
  | {
      readonly type: 'recover';
      readonly epoch: number;
      readonly why: string;
      readonly by?: { readonly process: ProcessId; readonly life: string };
    }
  | { readonly type: 'joined'; readonly epoch: number; readonly process: ProcessId; readonly life: string }
  | { readonly type: 'release'; readonly round: number };

/** What became of an event. `same`: it stands already. */
export type Transition =
  | { readonly is: 'done'; readonly register: Register }
  | { readonly is: 'same' }
  | { readonly is: 'refused'; readonly why: string };

/** So many decisions are remembered. A member that asks later was away for longer than any deadline. */
const REMEMBERED = 64;
const SAME: Transition = { is: 'same' };

export function newRegister(members: readonly ProcessId[]): Register {
  const line: RoundLine = { round: 0, states: {} };
  return {
    ...{ members: [...members].sort(), epoch: 1, phase: 'recovering', joined: [], lives: {}, line, latest: line, pinned: [] },
    ...{ last: 0, open: [], decided: {}, failures: { streak: 0, counted: 0 } },
  };
}

/** The one place that decides. Pure: the store applies it by compare-and-set, the model checker to all states. */
export function transition(register: Register, event: RegisterEvent): Transition {
  if (event.type === 'release') return release(register, event.round);
  if (event.epoch !== register.epoch) return refused(`epoch ${event.epoch} is over; this is ${register.epoch}`);
  if (event.type === 'begin') return begin(register, event);
  if (event.type === 'recover') return recover(register, event.why, event.by);
  if (event.type === 'joined') return join(register, event.process, event.life);
  const round = register.open.find(({ number }) => number === event.round);
  if (!round) return decidedAlready(register, event);
  if (event.type === 'ack') return ack(register, round, event);
  if (event.type === 'decline') return end(register, round, 'aborted', `${event.process} declined: ${event.why}`);
  if (event.type === 'abort') {
    if (event.now < round.deadlineAt) return refused(`round ${round.number} has time left`);
    return end(register, round, 'aborted', 'its deadline has passed');
  }
  return commit(register, round);
}

function refused(why: string): Transition {
  return { is: 'refused', why };
}

function begin(register: Register, { deadlineAt, pinned = false, atOnce = 1 }: Extract<RegisterEvent, { type: 'begin' }>): Transition {
  if (register.phase === 'recovering') return refused('not all members have joined');
  if (register.open.length >= atOnce) return refused(`round ${register.open.map(({ number }) => number).join(', ')} is open`);
  const number = register.last + 1;
  const round: OpenRound = { number, deadlineAt, pinned, states: {} };
  return { is: 'done', register: { ...register, last: number, open: [...register.open, round] } };
}

function ack(register: Register, round: OpenRound, { process, life, state }: Extract<RegisterEvent, { type: 'ack' }>): Transition {
  if (!register.members.includes(process)) return refused(`${process} is no member`);
  if (register.lives[process] !== life) return refused(`${process} has begun anew since`);
  const there = round.states[process];
  if (there) return there.stream === state.stream && there.sum === state.sum ? SAME : refused(`${process} has acknowledged something else`);
  const changed = { ...round, states: { ...round.states, [process]: state } };
  return { is: 'done', register: { ...register, open: register.open.map((one) => (one === round ? changed : one)) } };
}

/** All members have acknowledged the round. */
export function isWhole(register: Register, round: OpenRound): boolean {
  return register.members.every((member) => round.states[member]);
}

function commit(register: Register, round: OpenRound): Transition {
  if (!isWhole(register, round)) return refused(`round ${round.number} lacks acknowledgements`);
  const line: RoundLine = { round: round.number, states: round.states };
  const subsumed = register.open.filter(({ number, pinned }) => number < round.number && !pinned);
  let decided = remember(register, round.number, 'committed', '');
  for (const { number } of subsumed)
    decided = remember({ ...register, decided }, number, 'subsumed', `round ${round.number} was committed first`);
  return {
    is: 'done',
    register: {
      ...register,
      decided,
      open: register.open.filter((one) => one !== round && !subsumed.includes(one)),
      // A pinned round that comes late is kept, and is not what a recovery goes back to.
      latest: round.number > register.latest.round ? line : register.latest,
      pinned: round.pinned ? [...register.pinned, line] : register.pinned,
      failures: { streak: 0, counted: Math.max(register.failures.counted, round.number) },
    },
  };
}

function end(register: Register, round: OpenRound, is: Decision, why: string): Transition {
  const { streak, counted } = register.failures;
  const counts = round.number > counted;
  return {
    is: 'done',
    register: {
      ...register,
      open: register.open.filter((one) => one !== round),
      decided: remember(register, round.number, is, why),
      failures: counts ? { streak: streak + 1, counted: round.number } : register.failures,
    },
  };
}

function remember(register: Pick<Register, 'decided' | 'last'>, number: number, is: Decision, why: string): Register['decided'] {
  const kept = Object.entries(register.decided).filter(([one]) => Number(one) > register.last - REMEMBERED);
  return { ...Object.fromEntries(kept), [number]: { is, why } };
}

/** In one step: a new epoch, no round open, the line fixed. What comes later of the old epoch is refused. */
function recover(register: Register, why: string, by: Extract<RegisterEvent, { type: 'recover' }>['by']): Transition {
  if (by && !register.members.includes(by.process)) return refused(`${by.process} is no member`);
  const lives = by ? { ...register.lives, [by.process]: by.life } : register.lives;
  let decided = register.decided;
  for (const { number } of register.open) decided = remember({ ...register, decided }, number, 'aborted', `a recovery began: ${why}`);
  return {
    is: 'done',
    register: { ...register, epoch: register.epoch + 1, lives, phase: 'recovering', joined: [], line: register.latest, open: [], decided },
  };
}

function join(register: Register, process: ProcessId, life: string): Transition {
  if (!register.members.includes(process)) return refused(`${process} is no member`);
  const isThere = register.joined.includes(process);
  if (isThere && register.lives[process] === life) return SAME;
  // Nobody has begun yet, so the younger one may stand in for the older one; later it takes all back.
  if (isThere && register.phase === 'running') return refused(`another life of ${process} has joined`);
  const joined = isThere ? register.joined : [...register.joined, process];
  const lives = { ...register.lives, [process]: life };
  return {
    is: 'done',
    register: { ...register, joined, lives, phase: joined.length === register.members.length ? 'running' : 'recovering' },
  };
}

function release(register: Register, round: number): Transition {
  if (!register.pinned.some((line) => line.round === round)) return SAME;
  return { is: 'done', register: { ...register, pinned: register.pinned.filter((line) => line.round !== round) } };
}

function decidedAlready(register: Register, event: { readonly type: string; readonly round: number }): Transition {
  const decision = register.decided[event.round]?.is;
  if (event.type === 'commit' && decision === 'committed') return SAME;
  if ((event.type === 'abort' || event.type === 'decline') && decision !== undefined && decision !== 'committed') return SAME;
  return refused(`round ${event.round} is ${decision ?? 'unknown'}`);
}
