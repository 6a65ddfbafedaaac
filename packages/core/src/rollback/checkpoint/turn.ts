import { currentScope } from '../../base/scope.js';
import type { Overlay } from './overlay.js';

/** One call of a checkpointed object while it runs; calls within it are turns of their own, up to `parent`. */
export class Turn {
  readonly depth: number;
  isOpen = true;
  /** No calls begin within it any more. */
  isEnding = false;
  /** How many properties the object had when it began. */
  mark = 0;

  constructor(
    readonly owner: object,
    readonly operation: string,
    /** The call that it was made by, on whatever object. */
    readonly parent: Turn | undefined,
    /** The turn of the same object that it stands on. */
    readonly below: Turn | undefined,
    /** Length of the undo log when it began. */
    readonly start: number,
    /** What it may be: a turn that only reads has no log and no place on the object. */
    readonly kind: 'call' | 'attempt' | 'read' | 'optimistic',
    readonly overlay?: Overlay,
  ) {
    this.depth = (parent?.depth ?? 0) + 1;
  }

  /** How a sentence names the whole chain of calls. */
  get chain(): string {
    return this.parent ? `${this.parent.chain} → ${this.operation}` : this.operation;
  }

  isWithin(other: Turn): boolean {
    if (this === other) return true;
    for (let turn = this.parent; turn; turn = turn.parent) if (turn === other) return true;
    return false;
  }
}

/** The call that the running code belongs to, also when that has ended already. */
export function currentTurn(): Turn | undefined {
  return currentScope()?.turn as Turn | undefined;
}
