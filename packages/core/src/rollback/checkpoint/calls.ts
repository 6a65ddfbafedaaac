import type { Timer } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { currentScope, runInScope } from '../../base/scope.js';
import { CallDepthError, DetachedWriteError, LockTimeoutError, QueueFullError } from './errors.js';
import type { Holder } from './holder.js';
import { currentTurn, Turn } from './turn.js';

export interface CallLimits {
  readonly environment: Environment;
  readonly lockTimeoutMs: number;
  readonly maxQueue: number;
}

interface Waiter {
  readonly operation: string;
  readonly caller: Turn | undefined;
  readonly take: (turn: Turn) => void;
  readonly refuse: (error: unknown) => void;
  timer: Timer | undefined;
}

const MAX_DEPTH = 32;

/** One call chain at a time on one object, the others in the order of their coming; within the chain, savepoints. */
export class Calls {
  private readonly waiting: Waiter[] = [];
  /** Told when the turn that is ending stands on top again. */
  private readonly onTop = new Map<Turn, () => void>();

  constructor(
    private readonly holder: Holder,
    private readonly limits: CallLimits,
  ) {}

  /** Runs a body as a call: what it wrote stands when it ends well, and is taken back when it throws. */
  async run<T>(operation: string, body: (turn: Turn) => T | PromiseLike<T>): Promise<T> {
    const caller = currentTurn();
    const turn = this.enter(operation, caller) ?? (await this.wait(operation, caller));
    let value: T;
    try {
      value = await runInScope({ ...currentScope(), turn }, () => body(turn));
    } catch (error) {
      if (this.holder.turn === turn || (await this.alone(turn))) this.leave(turn, false);
      throw error;
    }
    if (this.holder.turn === turn || (await this.alone(turn))) this.leave(turn, true);
    return value;
  }

  /**
   * One attempt of a call that is repeated: it begins with the state that the call began with. What the attempt before is
   * still doing, when nobody waits for it any more, is no part of anything.
   */
  async attempt<T>(scope: Turn, body: () => T | PromiseLike<T>): Promise<T> {
    const { holder } = this;
    this.giveUp(scope);
    if (!scope.isOpen || holder.turn !== scope) throw new DetachedWriteError(holder.name, scope.operation, 'the call has ended already');
    const turn = new Turn(holder, scope.operation, scope, scope, holder.log.length, 'attempt');
    turn.mark = holder.mark();
    holder.turn = turn;
    let isDone = false;
    try {
      const value = await runInScope({ ...currentScope(), turn }, body);
      isDone = true;
      return value;
    } finally {
      if (holder.turn === turn || (await this.alone(turn))) this.leave(turn, isDone);
    }
  }

  /** Ends, and takes back, what has begun within a turn and was left alone. */
  private giveUp(scope: Turn): void {
    const { holder } = this;
    if (!scope.isOpen) return;
    for (let top = holder.turn; top && top !== scope; top = top.below) {
      top.isOpen = false;
      holder.takeBack(top);
      holder.turn = top.below;
      this.onTop.get(top)?.();
    }
  }

  private enter(operation: string, caller: Turn | undefined): Turn | undefined {
    const { holder } = this;
    const nearest = nearestOf(caller, holder);
    // Given up: whoever waits for it has an answer already.
    if (nearest && !nearest.isOpen && isWithinOpen(nearest, holder)) {
      throw new DetachedWriteError(holder.name, operation, `${nearest.operation}, which calls it, has ended already`);
    }
    const { turn } = holder;
    if (turn && (turn.isEnding || !caller?.isWithin(turn))) return undefined;
    let parent = caller;
    while (parent && !parent.isOpen) parent = parent.parent;
    const depth = (parent?.depth ?? 0) + 1;
    if (depth > MAX_DEPTH) throw new CallDepthError(holder.name, operation, depth);
    const entered = new Turn(holder, operation, parent, turn, holder.log.length, 'call');
    entered.mark = holder.mark();
    return (holder.turn = entered);
  }

  private wait(operation: string, caller: Turn | undefined): Promise<Turn> {
    const { holder, limits } = this;
    if (this.waiting.length >= limits.maxQueue) throw new QueueFullError(holder.name, this.waiting.length);
    return new Promise<Turn>((resolve, reject) => {
      const waiter: Waiter = { operation, caller, take: resolve, refuse: reject, timer: undefined };
      waiter.timer = limits.environment.clock.setTimer(limits.lockTimeoutMs, () => {
        const at = this.waiting.indexOf(waiter);
        if (at < 0) return;
        this.waiting.splice(at, 1);
        const chain = caller ? `${caller.chain} → ${operation}` : operation;
        reject(new LockTimeoutError(holder.name, chain, holder.turn?.chain ?? 'nobody', limits.lockTimeoutMs));
      });
      this.waiting.push(waiter);
    });
  }

  /** Waits for the calls within that nobody has waited for. False: the turn itself was given up meanwhile. */
  private async alone(turn: Turn): Promise<boolean> {
    const { holder } = this;
    turn.isEnding = true;
    // Attempts that were left alone when their time was over are not waited for.
    if (turn.kind === 'call' && stackedAttempt(holder, turn)) this.giveUp(turn);
    while (turn.isOpen && holder.turn !== turn) await new Promise<void>((resolve) => this.onTop.set(turn, resolve));
    this.onTop.delete(turn);
    return turn.isOpen;
  }

  private leave(turn: Turn, isGood: boolean): void {
    const { holder } = this;
    turn.isOpen = false;
    if (!isGood) holder.takeBack(turn);
    holder.turn = turn.below;
    if (!turn.below) holder.settle();
    const ending = holder.turn?.isEnding ? this.onTop.get(holder.turn) : undefined;
    if (ending) ending();
    else if (this.waiting.length > 0) this.admit();
  }

  /** Lets the first one in that may. */
  private admit(): void {
    for (let i = 0; i < this.waiting.length; i++) {
      const waiter = this.waiting[i] as Waiter;
      try {
        const turn = this.enter(waiter.operation, waiter.caller);
        if (!turn) continue;
        waiter.take(turn);
      } catch (error) {
        waiter.refuse(error);
      }
      waiter.timer?.cancel();
      this.waiting.splice(i, 1);
      if (this.holder.turn) return;
      i -= 1;
    }
  }
}

function nearestOf(turn: Turn | undefined, owner: object): Turn | undefined {
  for (let one = turn; one; one = one.parent) if (one.owner === owner && one.kind !== 'read') return one;
  return undefined;
}

/** Whether a call around an ended one is still open: then that one was given up, or nobody waited for it. */
function isWithinOpen(ended: Turn, owner: object): boolean {
  for (let one = ended.parent; one; one = one.parent) if (one.owner === owner && one.isOpen) return true;
  return false;
}

function stackedAttempt(holder: Holder, turn: Turn): boolean {
  for (let one = holder.turn; one && one !== turn; one = one.below) if (one.kind === 'attempt' && one.below === turn) return true;
  return false;
}
