import { isWhole } from './register.js';
import type { Decision, Register, RoundLine } from './register.js';
import type { ProcessId } from '../words.js';

/** What a member knows of itself. A process that has just begun knows nothing but its name. */
export interface Self {
  readonly process: ProcessId;
  /** A word of its own. */
  readonly life: string;
  /** It has spoken for the member: who does so after it has taken its place. */
  readonly spoke: boolean;
  /** In which its state was restored; undefined: not yet. */
  readonly epoch: number | undefined;
  /** The round for which it has acknowledged its state; until that is decided, it releases nothing. */
  readonly held: number | undefined;
}

/** The next thing for a member to do. */
export type Duty =
  /** Another life of it has begun: nothing more comes of this one. */
  | { readonly do: 'end' }
  | { readonly do: 'recover'; readonly epoch: number }
  | { readonly do: 'restore'; readonly epoch: number; readonly line: RoundLine }
  | { readonly do: 'join'; readonly epoch: number }
  | { readonly do: 'commit'; readonly epoch: number; readonly round: number }
  | { readonly do: 'abort'; readonly epoch: number; readonly round: number }
  | { readonly do: 'prepare'; readonly epoch: number; readonly round: number; readonly deadlineAt: number }
  /** The acknowledgement did not arrive. */
  | { readonly do: 'ack'; readonly epoch: number; readonly round: number }
  | { readonly do: 'finish'; readonly round: number; readonly decision: Decision }
  /** Stay as it is: paused, or at work. */
  | { readonly do: 'wait' }
  | { readonly do: 'run' };

/**
 * What a member owes, by what the group has agreed upon. Pure. `now`: on the store's clock; it only says when to try, and a wrong
 * one costs a round and nothing else.
 */
export function dutyOf(register: Register, self: Self, now: number): Duty {
  const { epoch } = register;
  const speaks = register.lives[self.process] === self.life;
  if (self.spoke && !speaks) return { do: 'end' };
  if (self.epoch !== epoch) {
    // Who has lost its state in an epoch that runs takes all back; while nobody runs yet, it may begin like the others.
    if (self.epoch === undefined && register.phase === 'running') return { do: 'recover', epoch };
    return { do: 'restore', epoch, line: register.line };
  }
  const isJoined = register.joined.includes(self.process);
  if (isJoined && !speaks && register.phase === 'running') return { do: 'recover', epoch };
  if (!isJoined || !speaks) return { do: 'join', epoch };
  if (self.held !== undefined) return heldDuty(register, self.process, self.held, now);
  if (register.phase === 'recovering') return { do: 'wait' };
  const round = register.open.find(({ states }) => !states[self.process]);
  const late = register.open.find(({ deadlineAt }) => deadlineAt <= now);
  if (late) return isWhole(register, late) ? { do: 'commit', epoch, round: late.number } : { do: 'abort', epoch, round: late.number };
  if (round) return { do: 'prepare', epoch, round: round.number, deadlineAt: round.deadlineAt };
  const whole = register.open.find((one) => isWhole(register, one));
  return whole ? { do: 'commit', epoch, round: whole.number } : { do: 'run' };
}

function heldDuty(register: Register, process: ProcessId, held: number, now: number): Duty {
  const { epoch } = register;
  const round = register.open.find(({ number }) => number === held);
  // One that nobody remembers was decided long ago; without its state nothing is trimmed.
  if (!round) return { do: 'finish', round: held, decision: register.decided[held]?.is ?? 'aborted' };
  if (isWhole(register, round)) return { do: 'commit', epoch, round: held };
  if (round.deadlineAt <= now) return { do: 'abort', epoch, round: held };
  return round.states[process] ? { do: 'wait' } : { do: 'ack', epoch, round: held };
}
