import { describe, expect, it } from 'vitest';
import { dutyOf } from './duty.js';
import { newRegister, transition } from './register.js';
import type { Register, RegisterEvent } from './register.js';

const MEMBERS = ['a', 'b'] as const;
const state = (name: string, sum = 1) => ({ stream: name, sum });

function after(register: Register, ...events: readonly RegisterEvent[]): Register {
  return events.reduce((one, event) => {
    const outcome = transition(one, event);
    if (outcome.is !== 'done') throw new Error(`${event.type}: ${JSON.stringify(outcome)}`);
    return outcome.register;
  }, register);
}

const join = (epoch: number): RegisterEvent[] => MEMBERS.map((process) => ({ type: 'joined', epoch, process, life: process }));
const running = after(newRegister(MEMBERS), ...join(1));
const begin = (atOnce = 1, pinned = false): RegisterEvent => ({ type: 'begin', epoch: 1, deadlineAt: 100, atOnce, pinned });
const acks = (round: number, epoch = 1): RegisterEvent[] =>
  MEMBERS.map((process) => ({ type: 'ack', epoch, round, process, life: process, state: state(`${process}/${round}`) }));
const commit = (round: number, epoch = 1): RegisterEvent => ({ type: 'commit', epoch, round });
const refusal = (register: Register, event: RegisterEvent): string => {
  const outcome = transition(register, event);
  return outcome.is === 'refused' ? outcome.why : outcome.is;
};

describe('what a group agrees upon', () => {
  it('commits a round when all have acknowledged, and not before', () => {
    const open = after(running, begin());
    expect(refusal(after(open, acks(1)[0] as RegisterEvent), commit(1))).toMatch(/lacks acknowledgements/);
    const done = after(open, ...acks(1), commit(1));
    expect(done).toMatchObject({ latest: { round: 1 }, open: [], decided: { 1: { is: 'committed' } } });
    expect(refusal(done, commit(1))).toBe('same');
  });

  it('takes no acknowledgement twice with something else, none of strangers, and none that comes late', () => {
    const open = after(running, begin());
    const one = after(open, acks(1)[0] as RegisterEvent);
    expect(refusal(one, acks(1)[0] as RegisterEvent)).toBe('same');
    expect(refusal(one, { type: 'ack', epoch: 1, round: 1, process: 'a', life: 'a', state: state('a/1', 2) })).toMatch(/something else/);
    expect(refusal(one, { type: 'ack', epoch: 1, round: 1, process: 'z', life: 'z', state: state('z') })).toMatch(/no member/);
    const next = after(one, { type: 'abort', epoch: 1, round: 1, now: 100 }, begin());
    expect(refusal(next, acks(1)[1] as RegisterEvent)).toMatch(/round 1 is aborted/);
  });

  it('CO2 anybody ends a round after its deadline, and nobody before', () => {
    const open = after(running, begin());
    expect(refusal(open, { type: 'abort', epoch: 1, round: 1, now: 99 })).toMatch(/time left/);
    expect(after(open, { type: 'abort', epoch: 1, round: 1, now: 100 })).toMatchObject({ open: [], decided: { 1: { is: 'aborted' } } });
  });

  it('CO7 an old coordinator that commits after a recovery has begun is refused', () => {
    const open = after(running, begin(), ...acks(1), { type: 'recover', epoch: 1, why: 'a died' });
    expect(refusal(open, commit(1))).toMatch(/epoch 1 is over/);
    expect(refusal(open, commit(1, 2))).toMatch(/round 1 is aborted/);
    expect(refusal(open, { type: 'recover', epoch: 1, why: 'again' })).toMatch(/epoch 1 is over/);
  });

  it('CO8 no round begins until all have joined', () => {
    const recovering = after(running, { type: 'recover', epoch: 1, why: 'a died' }, { type: 'joined', epoch: 2, process: 'a', life: 'a' });
    expect(refusal(recovering, { type: 'begin', epoch: 2, deadlineAt: 100 })).toMatch(/not all members have joined/);
    const joined = after(recovering, { type: 'joined', epoch: 2, process: 'b', life: 'b' });
    expect(after(joined, { type: 'begin', epoch: 2, deadlineAt: 100 }).open.length).toBe(1);
  });

  it('CO4 CO6 a recovery after a commit goes to the new line, whoever has heard of it, and not to a later one', () => {
    const recovering = after(running, begin(), ...acks(1), commit(1), { type: 'recover', epoch: 1, why: 'a died' });
    const restarted = dutyOf(recovering, { process: 'a', life: 'a', spoke: false, epoch: undefined, held: undefined }, 0);
    const survivor = dutyOf(recovering, { process: 'b', life: 'b', spoke: true, epoch: 1, held: 1 }, 0);
    expect(restarted).toMatchObject({ do: 'restore', epoch: 2, line: { round: 1 } });
    expect(survivor).toEqual(restarted);
  });

  it('CO10 a decline ends the round at once', () => {
    const open = after(running, begin());
    const declined = after(open, { type: 'decline', epoch: 1, round: 1, process: 'b', why: 'not ready' });
    expect(declined.decided[1]).toEqual({ is: 'aborted', why: 'b declined: not ready' });
  });

  it('CO12 a slower round is subsumed by a later one that completes first; a pinned one is not', () => {
    const both = after(running, begin(2), begin(2), ...acks(2), commit(2));
    expect(both).toMatchObject({ open: [], latest: { round: 2 }, decided: { 1: { is: 'subsumed' }, 2: { is: 'committed' } } });
    expect(refusal(both, acks(1)[0] as RegisterEvent)).toMatch(/round 1 is subsumed/);
    expect(refusal(after(running, begin(2), begin(2)), begin(2))).toMatch(/1, 2 is open/);
    const pinned = after(running, begin(2, true), begin(2), ...acks(2), commit(2), ...acks(1), commit(1));
    expect(pinned).toMatchObject({ latest: { round: 2 }, pinned: [{ round: 1 }] });
    expect(after(pinned, { type: 'release', round: 1 }).pinned).toEqual([]);
  });

  it('CO13 counts failures in a row, each round once, and not those of rounds older than the last success', () => {
    const abort = (round: number): RegisterEvent => ({ type: 'abort', epoch: 1, round, now: 100 });
    const streaks: number[] = [];
    let register = running;
    for (const [i, ending] of ['fail', 'fail', 'ok', 'fail', 'fail', 'fail'].entries()) {
      register = after(register, begin(), ...(ending === 'ok' ? [...acks(i + 1), commit(i + 1)] : [abort(i + 1)]));
      // Reported again.
      expect(refusal(register, ending === 'ok' ? commit(i + 1) : abort(i + 1))).toBe('same');
      streaks.push(register.failures.streak);
    }
    expect(streaks).toEqual([1, 2, 0, 1, 2, 3]);
    const old = after(running, begin(2, true), begin(2), ...acks(2), commit(2), abort(1));
    expect(old.failures.streak).toBe(0);
  });

  it('is a member’s duty: to take all back when it begins in a group at work, and not when nobody runs yet', () => {
    const fresh = { process: 'a', life: 'a', spoke: false, epoch: undefined, held: undefined };
    expect(dutyOf(running, fresh, 0)).toEqual({ do: 'recover', epoch: 1 });
    const recovering = after(running, { type: 'recover', epoch: 1, why: '' }, { type: 'joined', epoch: 2, process: 'a', life: 'a' });
    expect(dutyOf(recovering, fresh, 0)).toMatchObject({ do: 'restore', epoch: 2 });
    expect(dutyOf(recovering, { ...fresh, epoch: 2 }, 0)).toEqual({ do: 'wait' });
  });

  it('lets one life speak for each member: the one that began last', () => {
    const recovering = after(running, { type: 'recover', epoch: 1, why: '', by: { process: 'a', life: 'young' } });
    const old = { process: 'a', life: 'a', spoke: true, epoch: 1, held: undefined };
    expect(dutyOf(recovering, old, 0)).toEqual({ do: 'end' });
    expect(dutyOf(recovering, { ...old, life: 'young', epoch: undefined }, 0)).toMatchObject({ do: 'restore', epoch: 2 });
    const open = after(
      recovering,
      { type: 'joined', epoch: 2, process: 'a', life: 'young' },
      { type: 'joined', epoch: 2, process: 'b', life: 'b' },
    );
    expect(refusal(open, { type: 'joined', epoch: 2, process: 'a', life: 'a' })).toMatch(/another life/);
    const round = after(open, { type: 'begin', epoch: 2, deadlineAt: 100 });
    expect(refusal(round, { type: 'ack', epoch: 2, round: 1, process: 'a', life: 'a', state: state('a/1') })).toMatch(/begun anew/);
  });
});
