import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { currentScope, runInScope } from '../../base/scope.js';
import { CallDepthError, DetachedWriteError, OptimisticConflictError } from './errors.js';
import type { Holder } from './holder.js';
import { Overlay } from './overlay.js';
import { currentTurn, Turn } from './turn.js';

const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 100;
const MAX_DEPTH = 32;

/**
 * Calls run at once, each on what it has read and written itself; at its end one is judged in a single step: has anything
 * that it read changed? Then it runs again. So what is done is as if the calls had run one after the other, in the order of their ends.
 * (Kung and Robinson, On Optimistic Methods for Concurrency Control, 1981: backward validation, first committer wins.)
 */
export class Optimistic {
  /** The call within an open one that is running. */
  private readonly inner = new Map<Turn, Turn>();
  /** How many properties the object had when the first of those that are under way began. */
  private mark = 0;

  constructor(
    private readonly holder: Holder,
    private readonly maxReruns: number,
    private readonly environment: Environment,
  ) {}

  async run<T>(operation: string, body: (turn: Turn) => T | PromiseLike<T>): Promise<T> {
    const caller = currentTurn();
    const own = this.openOf(caller);
    if (own) return this.within(own, operation, body);
    const { holder } = this;
    for (let tries = 1; ; tries++) {
      const overlay = new Overlay();
      const turn = this.begin(operation, caller, undefined, overlay);
      // Properties that come are no call's own: they go when none of those that were under way together has ended well.
      if (holder.optimistic === 0) this.mark = holder.mark();
      holder.optimistic += 1;
      let value: T | undefined;
      let failure: { readonly error: unknown } | undefined;
      try {
        value = await runInScope({ ...currentScope(), turn }, () => body(turn));
      } catch (error) {
        failure = { error };
      }
      turn.isOpen = false;
      holder.optimistic -= 1;
      // From here to the end nothing else runs. Who has failed on what was never so together has not failed.
      if (overlay.isValid) {
        if (failure) {
          this.cut(this.mark);
          throw failure.error;
        }
        overlay.apply();
        holder.settle();
        return value as T;
      }
      this.cut(this.mark);
      if (tries > this.maxReruns) throw new OptimisticConflictError(holder.name, operation, tries);
      const { clock, random } = this.environment;
      await sleep(clock, random.next() * Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LAST_PAUSE_MS));
    }
  }

  private cut(mark: number): void {
    if (this.holder.optimistic === 0) this.holder.object?.cut(mark);
  }

  /** A call within one: what it wrote is taken back when it throws. */
  private async within<T>(own: Turn, operation: string, body: (turn: Turn) => T | PromiseLike<T>): Promise<T> {
    const overlay = own.overlay as Overlay;
    if (this.inner.has(own)) {
      throw new DetachedWriteError(this.holder.name, operation, `${own.operation} has begun another call that has not ended`);
    }
    const turn = this.begin(operation, currentTurn(), own, overlay);
    const mark = overlay.mark();
    turn.mark = this.holder.mark();
    this.inner.set(own, turn);
    try {
      return await runInScope({ ...currentScope(), turn }, () => body(turn));
    } catch (error) {
      overlay.revertTo(mark);
      if (this.holder.optimistic === 1) this.holder.object?.cut(turn.mark);
      throw error;
    } finally {
      turn.isOpen = false;
      this.inner.delete(own);
    }
  }

  /** One attempt of a call that is repeated. */
  async attempt<T>(scope: Turn, body: () => T | PromiseLike<T>): Promise<T> {
    const before = this.inner.get(scope);
    if (before) {
      before.isOpen = false;
      this.inner.delete(scope);
    }
    return runInScope({ ...currentScope(), turn: scope }, () => this.within(scope, scope.operation, body));
  }

  private begin(operation: string, parent: Turn | undefined, below: Turn | undefined, overlay: Overlay): Turn {
    const turn = new Turn(this.holder, operation, parent?.isOpen ? parent : undefined, below, 0, 'optimistic', overlay);
    if (turn.depth > MAX_DEPTH) throw new CallDepthError(this.holder.name, operation, turn.depth);
    return turn;
  }

  private openOf(turn: Turn | undefined): Turn | undefined {
    for (let one = turn; one; one = one.parent) if (one.owner === this.holder && one.kind !== 'read') return one.isOpen ? one : undefined;
    return undefined;
  }
}
