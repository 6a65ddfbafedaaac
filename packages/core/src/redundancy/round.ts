import type { Timer } from '../base/clock.js';
import type { Environment } from '../base/environment.js';
import { matches } from '../base/failure.js';
import type { Call } from '../base/interceptor.js';
import { currentScope } from '../base/scope.js';
import { Ballots } from './ballots.js';
import { NoConsensusError, ReplicaOutvotedError, ReplicaTimeoutError } from './errors.js';
import type { Plan } from './options.js';
import type { Quarantine } from './quarantine.js';
import { Copy } from './replica.js';
import { indices, mayDecide } from './vote.js';
import type { Verdict } from './vote.js';
import type { VoteResult } from './redundant-types.js';

/** What all votes of one redundant call share. */
export interface Desk {
  readonly plan: Plan;
  readonly names: readonly string[];
  readonly quarantine: Quarantine;
}

/** How a replica is asked; `next` is what the call would have reached without redundancy. */
export type Ask = (index: number, copy: Copy) => unknown;

/** One vote: from the first replica that is asked to the answer, and to what the rest of them does. */
export class Round {
  private readonly ballots: Ballots;
  private readonly copies: (Copy | undefined)[];
  private readonly timers: (Timer | undefined)[];
  private verdict: Verdict | undefined;
  private ended = false;
  private deafen: (() => void) | undefined;
  private settle: { resolve(result: VoteResult): void; reject(error: unknown): void } | undefined;
  private readonly scope = currentScope();
  private key: string | undefined;

  constructor(
    private readonly desk: Desk,
    private readonly call: Call,
    private readonly environment: Environment,
    private readonly ask: Ask,
  ) {
    this.ballots = new Ballots(desk.plan, desk.names, (what, error, replicas) => {
      this.publish('vote.fault', { what, replicas }, error);
    });
    this.copies = desk.names.map(() => undefined);
    this.timers = desk.names.map(() => undefined);
  }

  /** @throws NoConsensusError; a declared error that won; what the caller's signal was aborted with. */
  run(): Promise<VoteResult> {
    const { signal } = this.call;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    return new Promise<VoteResult>((resolve, reject) => {
      this.settle = { resolve, reject };
      if (signal) this.listen(signal);
      try {
        this.begin();
      } catch (error) {
        this.deafen?.();
        reject(error as Error);
      }
    });
  }

  /** To the caller, until there is an answer. */
  private listen(signal: AbortSignal): void {
    const giveUp = (): void => this.giveUp(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    this.deafen = () => signal.removeEventListener('abort', giveUp);
  }

  private begin(): void {
    const { plan, names, quarantine } = this.desk;
    names.forEach((_, index) => quarantine.has(index) && this.ballots.blank(index, 'quarantined'));
    if (plan.lazy) return this.proceed();
    names.forEach((_, index) => this.start(index));
    // Those that were asked may all be in quarantine but for too few.
    if (this.pending().length === 0) this.proceed();
  }

  private start(index: number): void {
    // One that was asked before may have made the caller give up.
    if (this.ended || this.ballots.has(index)) return;
    const { operation, attempt } = this.call;
    const copy = new Copy(operation, attempt, this.scope, () => (this.key ??= this.environment.random.word()));
    this.copies[index] = copy;
    const { replicaTimeoutMs: limitMs } = this.desk.plan;
    if (limitMs > 0) this.timers[index] = this.environment.clock.setTimer(limitMs, () => this.timedOut(index, limitMs));
    copy
      .ask(() => this.ask(index, copy))
      .then(
        (value) => this.came(index, () => this.ballots.value(index, value)),
        (error: unknown) => this.came(index, () => this.failed(index, error)),
      );
  }

  private failed(index: number, error: unknown): void {
    if (matches(error, this.desk.plan.errorsAsVotes)) return this.ballots.error(index, error);
    this.ballots.blank(index, 'failed', { error });
    if (!this.ended) this.call.onAttemptFailed?.(error);
  }

  private timedOut(index: number, limitMs: number): void {
    const error = new ReplicaTimeoutError(this.call.operation, this.nameOf(index), limitMs);
    this.copies[index]?.abort(() => error);
    this.came(index, () => {
      this.ballots.blank(index, 'timeout', { error });
      if (!this.ended) this.call.onAttemptFailed?.(error);
    });
  }

  /** Something came of a replica: its ballot, unless it has one already. */
  private came(index: number, cast: () => void): void {
    this.timers[index]?.cancel();
    if (this.ballots.has(index)) return;
    cast();
    if (this.ended) return this.late(index);
    this.proceed();
  }

  private proceed(): void {
    if (this.ended) return;
    const { voter, lazy } = this.desk.plan;
    this.verdict ??= voter.judge(this.ballots);
    if (!this.verdict && lazy) this.askMore();
    if (this.verdict) this.decided(this.verdict);
  }

  /** As many as could decide the vote, in the order in which they were configured. */
  private askMore(): void {
    const { voter } = this.desk.plan;
    while (!this.ended && !mayDecide(voter, this.ballots, this.pending())) {
      const index = this.idle()[0];
      if (index === undefined) return;
      if (this.call.mayGoOn?.() === false) {
        for (const one of this.idle()) this.ballots.blank(one, 'idle');
        this.verdict = voter.judge(this.ballots);
        return;
      }
      this.start(index);
    }
  }

  private decided(verdict: Verdict): void {
    for (const index of this.idle()) this.ballots.blank(index, 'idle');
    const pending = this.pending();
    const { stragglers } = this.desk.plan;
    if (stragglers === 'await' && pending.length > 0) return;
    for (const index of pending) {
      const error = (): Error => new ReplicaOutvotedError(this.call.operation, this.nameOf(index), false);
      // Nobody will learn what it did: the step around it must know.
      this.call.onAttemptFailed?.(error());
      if (stragglers === 'detach') continue;
      this.timers[index]?.cancel();
      this.ballots.blank(index, 'aborted');
      this.copies[index]?.abort(error);
    }
    this.end(verdict);
  }

  private end(verdict: Verdict): void {
    this.ended = true;
    this.deafen?.();
    const { names } = this.desk;
    const ballots = names.map((_, index) => this.ballots.shown(index));
    const dissenters = verdict.won ? this.ballots.dissent(verdict) : [];
    const dissent = dissenters.map((index) => this.nameOf(index));
    const winner = verdict.won ? ballots[verdict.winner] : undefined;
    // They have done what nobody asks for: the step around them must know.
    for (const index of [...dissenters, ...this.ballots.refused()]) {
      this.call.onAttemptFailed?.(new ReplicaOutvotedError(this.call.operation, this.nameOf(index), true));
    }
    const lost = verdict.won ? undefined : new NoConsensusError(this.call.operation, verdict.reason, ballots, verdict.error);
    if (this.environment.events.listening) {
      const details = {
        outcome: !verdict.won ? 'none' : winner?.kind === 'error' ? 'error' : 'value',
        ...(verdict.won ? { winner: winner?.replica, support: verdict.support } : { reason: verdict.reason }),
        replicas: names.length,
        ballots: ballots.map((one) => ({ replica: one.replica, kind: one.kind, ...(one.kind === 'blank' && { reason: one.reason }) })),
        dissent,
      };
      this.publish('vote.decided', details, lost);
    }
    if (verdict.won) for (const index of this.ballots.valid()) this.judgeReplica(index, dissenters.includes(index));
    if (lost) return this.settle?.reject(lost);
    if (winner?.kind === 'error') return this.settle?.reject(winner.error);
    const { mean, support } = verdict as Verdict & { readonly won: true };
    const value = mean ?? (winner?.kind === 'value' ? winner.value : undefined);
    this.settle?.resolve({ value, winner: mean === undefined ? winner?.replica : undefined, support, ballots, dissent });
  }

  private judgeReplica(index: number, dissented: boolean): void {
    const { quarantine } = this.desk;
    if (!dissented) return quarantine.agreed(index);
    if (quarantine.dissented(index)) this.publish('replica.quarantined', { replica: this.nameOf(index) });
  }

  /** A replica that was left to itself has answered after all. */
  private late(index: number): void {
    if (!this.verdict?.won || !this.ballots.valid().includes(index)) return;
    const dissented = this.ballots.dissent(this.verdict).includes(index);
    this.publish('vote.late', { replica: this.nameOf(index), dissented });
    this.judgeReplica(index, dissented);
  }

  private giveUp(reason: unknown): void {
    if (this.ended) return;
    this.ended = true;
    for (const index of this.pending()) {
      this.call.onAttemptFailed?.(reason);
      this.timers[index]?.cancel();
      this.ballots.blank(index, 'aborted');
      this.copies[index]?.abort(() => reason);
    }
    this.settle?.reject(reason);
  }

  private pending(): readonly number[] {
    return indices(this.copies, (copy, index) => copy !== undefined && !this.ballots.has(index));
  }

  private idle(): readonly number[] {
    return indices(this.copies, (copy, index) => copy === undefined && !this.ballots.has(index));
  }

  private nameOf(index: number): string {
    return this.desk.names[index] as string;
  }

  private publish(name: string, details: Readonly<Record<string, unknown>>, error?: unknown): void {
    const { events, clock } = this.environment;
    if (!events.listening) return;
    const { saga, id } = this.scope?.step ?? {};
    const where = { ...(saga !== undefined && { saga }), ...(id !== undefined && { id }) };
    events.publish({ name, at: clock.now(), step: this.call.operation, ...where, ...(error !== undefined && { error }), details });
  }
}
