import { defineSaga, defineStep, RefusedError } from '@redress/core';
import type { Operation, SagaDefinition, UndoOf, UndoOptions } from '@redress/core';

type Name = 'reserve' | 'charge' | 'ship';

/** The outside: one effect for each key, and none for a key that was closed. */
export class Outside {
  readonly effects = new Map<string, string>();
  readonly closed = new Set<string>();
  readonly log: string[] = [];
  /** Called before and after each effect: to kill, to fail, to wait. */
  hook: (point: string) => unknown = () => {};

  async act(name: Name, key: string): Promise<string> {
    await this.hook(`${name}:before`);
    this.log.push(name);
    if (this.closed.has(key)) throw new RefusedError(`${key} is closed`);
    if (!this.effects.has(key)) this.effects.set(key, name);
    await this.hook(`${name}:after`);
    return `${name} done`;
  }

  async undo(name: Name, undo: UndoOf<readonly unknown[], unknown>): Promise<void> {
    await this.hook(`undo ${name}:before`);
    this.log.push(`undo ${name}${undo.outcome === 'unknown' ? '?' : ''}${undo.late ? ' late' : ''}`);
    this.closed.add(undo.forwardKey);
    this.effects.delete(undo.forwardKey);
    await this.hook(`undo ${name}:after`);
  }

  /** Whether the effects of a run are all there, or none is. */
  get state(): 'all' | 'none' | 'some' {
    const names = new Set(this.effects.values());
    return names.size === 0 ? 'none' : names.size === 3 && this.effects.size === 3 ? 'all' : 'some';
  }
}

export interface Shop {
  readonly saga: SagaDefinition<[string], string>;
  readonly options: { readonly sagas: readonly SagaDefinition<never, unknown>[]; readonly steps: readonly Operation[] };
}

/** reserve, charge and ship over an outside, each with a total undo. `scope` reads the step's own key. */
export function shop(outside: Outside, key: () => string, undo: UndoOptions = { total: true }): Shop {
  const step = (name: Name) =>
    defineStep(name, { compensate: (u: UndoOf<readonly [string], string>) => outside.undo(name, u), undo }, async (_order: string) =>
      outside.act(name, key()),
    );
  const [reserve, charge, ship] = [step('reserve'), step('charge'), step('ship')];
  const saga = defineSaga('place', { id: (order: string) => order }, async (run, order: string) => {
    const a = await run.step(reserve, order);
    const b = await run.step(charge, order);
    const c = await run.step(ship, order);
    return [a, b, c].join(', ');
  });
  return { saga, options: { sagas: [saga], steps: [reserve, charge, ship] } };
}
