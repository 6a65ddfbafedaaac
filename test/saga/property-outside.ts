import { RefusedError, TerminalError } from '@redress/core';
import type { AnyUndo, Clock, ProbeAnswer } from '@redress/core';
import type { Fate, Performed, UndoFate } from './property-plan.js';
import type { Process } from './support.js';

/** A process of the history. When it is dead, what still runs of it reaches nothing and is never answered. */
export class Life {
  dead = false;
  paused = false;

  constructor(
    readonly name: string,
    readonly process: Process,
  ) {}
}

/** What happened outside, in order. The engine has no part in writing it. */
export type Happening =
  | { readonly what: 'call' | 'landed' | 'blocked' | 'returned'; readonly key: string; readonly step: number; readonly by: string }
  | {
      readonly what: 'undo' | 'takenBack' | 'undone';
      readonly key: string;
      readonly step: number;
      readonly by: string;
      readonly undoKey: string;
      readonly late: boolean;
      readonly outcome: 'done' | 'unknown';
    };

/** How long after its answer a late effect lands: before the second look of an undo that is not total. */
const LATE_MS = 700;
export const LATE_EFFECT_MS = 1_000;
export const UNDO_TIMEOUT_MS = 300;
const UNDO_MS = 30;

class Lost extends Error {
  constructor(
    message: string,
    readonly code = 'ECONNRESET',
  ) {
    super(message);
  }
}

/** Effects by key and undos by key: what the saga is about. */
export class Outside {
  readonly log: Happening[] = [];
  /** Effects that are there. */
  readonly present = new Set<string>();
  /** Effects that may still land. */
  underWay = 0;
  /** Rules that can only be seen while things happen. */
  readonly wrong: string[] = [];
  private readonly closed = new Set<string>();
  private readonly calls = new Map<string, number>();
  private readonly running = new Map<string, string>();

  constructor(private readonly clock: Clock) {}

  /** A call of a step. */
  async act(life: Life, key: string, step: Performed): Promise<string> {
    if (life.dead) return never();
    const call = this.count(key);
    const fate = step.fates[call - 1] ?? 'done';
    const told = { key, step: step.index, by: life.name };
    this.log.push({ what: 'call', ...told });
    this.running.set(`${life.name} ${key} ${call}`, life.name);
    await this.pass(life, step.ms);
    const kind = fate.startsWith('kill') ? this.land(life, step, told, fate) : this.answer(step, told, fate);
    this.running.delete(`${life.name} ${key} ${call}`);
    if (kind instanceof Promise) return kind;
    if (kind instanceof Error) throw kind;
    this.log.push({ what: 'returned', ...told });
    return `${step.index} is done`;
  }

  /** A call of an undo. Its key is closed by a total one only. */
  async undo(life: Life, undo: AnyUndo, step: Performed): Promise<void> {
    if (life.dead) return never();
    const { forwardKey: key, key: undoKey, late, outcome } = undo;
    const told = { key, step: step.index, by: life.name, undoKey, late, outcome };
    if ([...this.running.values()].includes(life.name)) this.wrong.push(`the undo of ${key} begins in ${life.name} while something runs`);
    this.log.push({ what: 'undo', ...told });
    this.running.set(undoKey, life.name);
    const fate: UndoFate = step.undo[this.count(undoKey) - 1] ?? (step.broken ? 'fail' : 'ok');
    await this.pass(life, UNDO_MS);
    if (fate === 'ok' || fate.endsWith('After')) {
      this.present.delete(key);
      if (step.kind !== 'partial') this.closed.add(key);
      this.log.push({ what: 'takenBack', ...told });
    }
    this.running.delete(undoKey);
    if (fate.startsWith('kill')) return this.kill(life);
    if (fate === 'hang') return never();
    if (fate !== 'ok') throw new Lost(`the undo of ${key} failed`);
    this.log.push({ what: 'undone', ...told });
  }

  /** What a probe of the pivot is told. */
  probe(key: string, { probe, index }: Performed): ProbeAnswer<string> {
    if (probe === 'cannotTell') return { outcome: 'unknown' };
    return this.present.has(key) ? { outcome: 'done', result: `${index} is done` } : { outcome: 'absent' };
  }

  /** The process dies with everything that runs in it. */
  kill(life: Life): Promise<never> {
    life.dead = true;
    life.process.kill();
    for (const [what, by] of this.running) if (by === life.name) this.running.delete(what);
    return never();
  }

  private answer(step: Performed, told: Told, fate: Fate): Error | undefined {
    if (fate === 'done' || fate === 'after') {
      if (!this.lands(step, told)) return new RefusedError(`${told.key} is closed`);
      return fate === 'done' ? undefined : new Lost(`the answer of ${told.key} was lost`);
    }
    if (fate === 'late') this.landLater(step, told);
    if (fate === 'terminal') return new TerminalError(`${told.key} will never do`);
    if (fate === 'unreachable') return new Lost(`${told.key} was not reached`, 'ECONNREFUSED');
    // Who wants refused calls undone has a reason: a part of the effect may be there.
    if (fate === 'refused' && step.kind === 'refusable') this.lands(step, told);
    return fate === 'refused' ? new RefusedError(`${told.key} was refused`) : new Lost(`${told.key} was lost`);
  }

  private land(life: Life, step: Performed, told: Told, fate: Fate): Promise<never> {
    if (fate === 'killAfter') this.lands(step, told);
    if (fate === 'killLate') this.landLater(step, told);
    return this.kill(life);
  }

  private landLater(step: Performed, told: Told): void {
    this.underWay += 1;
    this.clock.setTimer(LATE_MS, () => {
      this.underWay -= 1;
      this.lands(step, told);
    });
  }

  /** One effect for each key, and none for a key that was closed. */
  private lands({ kind }: Performed, told: Told): boolean {
    if (kind === 'readOnly') return true;
    if (this.closed.has(told.key)) {
      this.log.push({ what: 'blocked', ...told });
      return false;
    }
    if (!this.present.has(told.key)) this.log.push({ what: 'landed', ...told });
    this.present.add(told.key);
    return true;
  }

  private async pass(life: Life, ms: number): Promise<void> {
    if (ms > 0) await new Promise<void>((resolve) => void this.clock.setTimer(ms, resolve));
    if (life.dead) await never();
  }

  private count(key: string): number {
    const calls = (this.calls.get(key) ?? 0) + 1;
    this.calls.set(key, calls);
    return calls;
  }
}

interface Told {
  readonly key: string;
  readonly step: number;
  readonly by: string;
}

function never(): Promise<never> {
  return new Promise(() => {});
}
