import { setTimeout as pause } from 'node:timers/promises';

/** The data that was sent cannot be used. */
export class InvalidDataError extends Error {
  override readonly name = 'InvalidDataError';
}

/** The other side is away. */
export class ServiceUnavailableError extends Error {
  override readonly name = 'ServiceUnavailableError';
}

export const reset = (): Error => Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });

/** What a supplier does next: answers, fails, or answers after so many milliseconds. */
export type Turn = number | Error | { readonly afterMs: number; readonly answer: number };

/** Somebody else's service, which does what it is told beforehand, one turn for each call. */
export class Supplier {
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  turns: Turn[] = [];
  private busy = 0;
  mostBusy = 0;

  /** Stops when nobody wants the answer any more. */
  async ask(what: string, signal?: AbortSignal): Promise<number> {
    this.asked.push(what);
    const turn = this.turns.shift() ?? 0;
    this.mostBusy = Math.max(this.mostBusy, (this.busy += 1));
    try {
      if (turn instanceof Error) throw turn;
      if (typeof turn === 'number') return turn;
      return await pause(turn.afterMs, turn.answer, signal && { signal });
    } finally {
      this.busy -= 1;
    }
  }
}
