import { dutyOf } from './duty.js';
import type { Duty } from './duty.js';
import { isWhole, newRegister, transition } from './register.js';
import type { Register, RegisterEvent, RoundLine } from './register.js';

/** Guards taken out, to see that the checker misses them. None: the real thing. */
export interface Weak {
  /** The decision is in the memory of a coordinator, who tells each member by itself; each restores what it was told last. */
  readonly toy?: boolean;
  /** A recovery leaves the open round open. */
  readonly keepOpen?: boolean;
  /** What comes from an older epoch is taken. */
  readonly anyEpoch?: boolean;
  /** A restart reads the newest line, not the one of its epoch. */
  readonly latest?: boolean;
  /** A round may begin, and be prepared, before all have joined. */
  readonly early?: boolean;
  /** Nobody but the coordinator ends a round. */
  readonly noAbort?: boolean;
  /** A member goes on sending between its acknowledgement and the decision. */
  readonly runHeld?: boolean;
  /** No guard: members send no messages, which makes fewer states. */
  readonly silent?: boolean;
}

interface Member {
  readonly up: boolean;
  readonly epoch: number | null;
  readonly held: number | null;
  /** The round that it was restored from, and, in the toy, the one it was told of last. */
  readonly base: number;
  readonly told: number;
  /** Messages that its state has sent to the other and has from it. */
  readonly sent: number;
  readonly got: number;
  /** What it wrote for the held round. */
  readonly wrote: Written | null;
  /** What lies in the store of that, whether or not its writer is alive, and for which round. */
  readonly left: readonly [round: number, wrote: Written] | null;
}

type Written = readonly [sent: number, got: number, epoch: number, base: number];

export interface Model {
  readonly register: Register;
  readonly members: readonly [Member, Member];
  /** What a coordinator remembers: epoch and round; null: nothing, or it is dead. */
  readonly coordinator: readonly [number, number] | null;
  readonly crashes: number;
  readonly losses: number;
  /** The last round that a member has acted upon. */
  readonly acted: number;
}

const NAMES = ['a', 'b'] as const;
/** A restart is told from its process by what it knows: each has lost its state. */
const LIFE = 'x';
const ROUNDS = 2;
const MOST_SENT = 1;
type Step = readonly [name: string, next: Model];

export function initial(crashes: number, losses: number): Model {
  const member: Member = { up: true, epoch: null, held: null, base: 0, told: 0, sent: 0, got: 0, wrote: null, left: null };
  return { register: newRegister(NAMES), members: [member, member], coordinator: null, crashes, losses, acted: 0 };
}

function apply(register: Register, event: RegisterEvent, weak: Weak): Register | undefined {
  const asked = weak.anyEpoch && 'epoch' in event ? { ...event, epoch: register.epoch } : event;
  const before: Register = weak.early && event.type === 'begin' ? { ...register, phase: 'running' } : register;
  const found = transition(before, asked);
  if (found.is !== 'done') return undefined;
  const { register: after } = found;
  if (weak.early && event.type === 'begin') return { ...after, phase: register.phase };
  return weak.keepOpen && event.type === 'recover' ? { ...after, open: register.open } : after;
}

function withMember(model: Model, i: number, change: Partial<Member>): Model {
  const members = model.members.map((one, at) => (at === i ? { ...one, ...change } : one)) as unknown as Model['members'];
  return { ...model, members };
}

/** What is written stands for its content: the sum says what was sent and received, in which epoch, on which base. */
function stateOf(name: string, round: number, wrote: Written): { readonly stream: string; readonly sum: number } {
  const [sent, got, epoch, base] = wrote;
  return { stream: `${name}/${round}`, sum: ((sent * 2 + got) * 10 + epoch) * 10 + base };
}

function contentOf(
  line: RoundLine,
  i: number,
): { readonly sent: number; readonly got: number; readonly epoch: number; readonly base: number } {
  const sum = line.states[NAMES[i] as string]?.sum ?? 0;
  const both = Math.floor(sum / 100);
  return { sent: both >> 1, got: both & 1, epoch: Math.floor(sum / 10) % 10, base: sum % 10 };
}

/** All that may happen next. */
export function steps(model: Model, weak: Weak): Step[] {
  const found: Step[] = [];
  const { register, members } = model;
  const commit = (name: string, event: RegisterEvent, local: (next: Model) => Model = (next) => next): void => {
    const after = apply(register, event, weak);
    if (!after) return;
    found.push([name, local({ ...model, register: after })]);
    if (model.losses > 0) found.push([`${name}, answer lost`, { ...model, register: after, losses: model.losses - 1 }]);
  };
  members.forEach((member, i) => {
    const name = NAMES[i] as string;
    if (member.up && model.crashes > 0) {
      const gone = { up: false, epoch: null, held: null, wrote: null, sent: 0, got: 0 };
      found.push([`${name} crashes`, { ...withMember(model, i, gone), crashes: model.crashes - 1 }]);
    }
    if (!member.up) return void found.push([`${name} starts`, withMember(model, i, { up: true })]);
    for (const now of weak.noAbort ? [0] : [0, 2]) memberSteps(model, i, now, weak, found, commit);
    const isFree = member.epoch === register.epoch && register.phase === 'running' && (member.held === null || weak.runHeld === true);
    if (isFree && !weak.silent) traffic(model, i, found);
  });
  coordinatorSteps(model, weak, found, commit);
  if (!weak.toy) collect(model, weak, found);
  return found.map(([name, next]) => [name, forgotten(next)]);
}

/** What nobody can acknowledge any more makes no difference. */
function forgotten(model: Model): Model {
  const { epoch, open } = model.register;
  const isOver = ({ left }: Member): boolean => left !== null && (left[1][2] !== epoch || !open.some(({ number }) => number === left[0]));
  if (!model.members.some(isOver)) return model;
  return { ...model, members: model.members.map((one) => (isOver(one) ? { ...one, left: null } : one)) as unknown as Model['members'] };
}

/** Whoever began the round acknowledges for those whose states lie in the store, dead or alive, and commits with the last of them. */
function collect(model: Model, weak: Weak, found: Step[]): void {
  if (!model.coordinator) return;
  const [epoch, round] = model.coordinator;
  const events = model.members.flatMap(({ left }, i): RegisterEvent[] => {
    const process = NAMES[i] as string;
    if (left?.[0] !== round || left[1][2] !== epoch) return [];
    return [{ type: 'ack', epoch, round, process, life: LIFE, state: stateOf(process, round, left[1]) }];
  });
  let register = model.register;
  for (const event of [...events, { type: 'commit', epoch, round } as const]) register = apply(register, event, weak) ?? register;
  if (register !== model.register) found.push(['coordinator collects', { ...model, register }]);
}

type Commit = (name: string, event: RegisterEvent, local?: (next: Model) => Model) => void;

function memberSteps(model: Model, i: number, now: number, weak: Weak, found: Step[], commit: Commit): void {
  const { register } = model;
  const member = model.members[i] as Member;
  const name = NAMES[i] as string;
  const self = { process: name, life: LIFE, spoke: false, epoch: member.epoch ?? undefined, held: member.held ?? undefined };
  const duties = [dutyOf(register, self, now)];
  // It does not look at the epoch, nor at who has joined.
  const blind: Register = { ...register, phase: 'running', joined: NAMES, lives: { a: LIFE, b: LIFE } };
  if (weak.early && member.epoch !== null) duties.push(dutyOf(blind, { ...self, epoch: register.epoch }, now));
  for (const duty of duties) perform(duty, model, i, now, weak, found, commit);
}

function perform(duty: Duty, model: Model, i: number, now: number, weak: Weak, found: Step[], commit: Commit): void {
  const { register } = model;
  const member = model.members[i] as Member;
  const name = NAMES[i] as string;
  if (duty.do === 'recover') commit(`${name} recovers`, { type: 'recover', epoch: duty.epoch, why: name });
  else if (duty.do === 'join') commit(`${name} joins`, { type: 'joined', epoch: duty.epoch, process: name, life: LIFE });
  else if (duty.do === 'abort') commit(`${name} aborts`, { type: 'abort', epoch: duty.epoch, round: duty.round, now });
  else if (duty.do === 'commit' && !weak.toy) commit(`${name} commits`, { type: 'commit', epoch: duty.epoch, round: duty.round });
  else if (duty.do === 'ack') {
    const state = stateOf(name, duty.round, member.wrote as Written);
    commit(`${name} acknowledges`, { type: 'ack', epoch: duty.epoch, round: duty.round, process: name, life: LIFE, state });
  } else if (duty.do === 'restore') {
    const line = weak.latest ? register.latest : duty.line;
    const base = weak.toy ? member.told : line.round;
    const { sent, got } = contentOf(line, i);
    found.push([`${name} restores ${base}`, withMember(model, i, { epoch: duty.epoch, base, held: null, wrote: null, sent, got })]);
  } else if (duty.do === 'prepare') {
    const wrote = [member.sent, member.got, member.epoch as number, member.base] as const;
    found.push([`${name} prepares`, withMember(model, i, { held: duty.round, wrote, left: [duty.round, wrote] })]);
  } else if (duty.do === 'finish') {
    const acted = duty.decision === 'committed' ? Math.max(model.acted, duty.round) : model.acted;
    found.push([`${name} finishes, ${duty.decision}`, { ...withMember(model, i, { held: null, wrote: null }), acted }]);
  }
}

function traffic(model: Model, i: number, found: Step[]): void {
  const [member, other] = [model.members[i] as Member, model.members[1 - i] as Member];
  const name = NAMES[i] as string;
  if (member.sent < MOST_SENT) found.push([`${name} sends`, withMember(model, i, { sent: member.sent + 1 })]);
  // What was sent lies in a channel that outlives its sender; the epoch keeps what was undone apart.
  if (other.epoch === member.epoch && member.got < other.sent)
    found.push([`${name} receives`, withMember(model, i, { got: member.got + 1 })]);
}

function coordinatorSteps(model: Model, weak: Weak, found: Step[], commit: Commit): void {
  const { register, coordinator } = model;
  if (register.last < ROUNDS) {
    const remember = (next: Model): Model => ({ ...next, coordinator: [register.epoch, register.last + 1] });
    commit('round begins', { type: 'begin', epoch: register.epoch, deadlineAt: 1 }, remember);
  }
  if (!coordinator) return;
  const [epoch, round] = coordinator;
  found.push(['coordinator dies', { ...model, coordinator: null }]);
  if (!weak.toy) return commit('coordinator commits', { type: 'commit', epoch, round });
  const open = register.open.find(({ number }) => number === round);
  if (!open || !isWhole(register, open)) return;
  model.members.forEach((member, i) => {
    if (member.up && member.told < round)
      found.push([`${NAMES[i]} is told of ${round}`, withMember({ ...model, acted: round }, i, { told: round, held: null })]);
  });
}

/** What must hold in every state; or what does not. */
export function violation({ register, members, acted }: Model, weak: Weak): string | undefined {
  const there = members.filter(({ up, epoch }) => up && epoch === register.epoch);
  if (there.length === 2 && there[0]?.base !== there[1]?.base) return 'mixed line: the members were restored from two rounds';
  const [a, b] = [contentOf(register.latest, 0), contentOf(register.latest, 1)];
  if (a.epoch !== b.epoch || a.base !== b.base) return 'mixed line: the states of one round are of two epochs';
  if (a.got > b.sent || b.got > a.sent) return 'orphan: a line holds a message that it has not sent';
  if (!weak.toy && register.latest.round < acted) return 'behind a commit that somebody acted upon';
  return undefined;
}

/** Everybody is up, at work in one epoch, and holds nothing back. */
export function isAtWork({ register, members }: Model): boolean {
  return register.phase === 'running' && members.every(({ up, epoch, held }) => up && epoch === register.epoch && held === null);
}
