import type { Clock } from '../base/clock.js';
import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import type { ChildContext, ChildSpec, RunningChild } from './child.js';
import { createSupervisor } from './supervisor.js';
import type { SupervisorOptions } from './options.js';

/** Time that moves when told to; what a moment sets off comes to rest before the next one. */
export class LabClock implements Clock {
  at = 0;
  readonly timers = new Set<{ readonly due: number; readonly fn: () => void }>();
  now = (): number => this.at;
  monotonic = (): number => this.at;
  nextTurn = (fn: () => void): void => void setImmediate(fn);
  setTimer(ms: number, fn: () => void): { cancel(): void } {
    const timer = { due: this.at + ms, fn };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }
  async rest(): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  }
  async advance(ms: number): Promise<void> {
    const end = this.at + ms;
    await this.rest();
    for (;;) {
      const next = [...this.timers].toSorted((a, b) => a.due - b.due)[0];
      if (!next || next.due > end) break;
      this.timers.delete(next);
      this.at = Math.max(this.at, next.due);
      next.fn();
      await this.rest();
    }
    this.at = end;
  }
}

/** One life of a puppet: it ends when the test says so. */
interface Puppet {
  readonly context: ChildContext;
  readonly crash: (error?: unknown) => void;
  readonly finish: () => void;
}

/** Children without a will of their own, and a diary of what was done to them. */
export class Lab {
  readonly clock = new LabClock();
  readonly environment: Environment = createEnvironment({ clock: this.clock, random: { next: () => 0, word: () => 'w' } });
  /** Such as `+a` for a start, `-a` for a stop, `!a` for a start that failed. */
  diary: string[] = [];
  readonly events: string[] = [];
  readonly lives = new Map<string, Puppet>();
  /** Ids whose next starts fail. */
  readonly broken = new Map<string, number>();
  living = 0;
  mostLiving = 0;

  constructor() {
    this.environment.events.on('*', ({ name, details }) => {
      const child = details?.['child'];
      this.events.push(child === undefined ? name : `${name} ${child as string}`);
    });
  }

  /** `obeys: false`: it does not stop when asked. */
  child(
    id: string,
    spec: Partial<ChildSpec> & { readonly obeys?: boolean; readonly startsIn?: number; readonly running?: Partial<RunningChild> } = {},
  ): ChildSpec {
    const { obeys = true, startsIn, running, ...rest } = spec;
    return {
      id,
      start: async (context) => {
        if (startsIn !== undefined) await new Promise<void>((resolve) => this.clock.setTimer(startsIn, resolve));
        const broken = this.broken.get(context.id) ?? 0;
        if (broken > 0) {
          this.broken.set(context.id, broken - 1);
          this.diary.push(`!${context.id}`);
          throw new Error(`${context.id} does not start`);
        }
        this.diary.push(`+${context.id}`);
        this.mostLiving = Math.max(this.mostLiving, (this.living += 1));
        let resolve!: () => void;
        let reject!: (error: unknown) => void;
        const promise = new Promise<void>((yes, no) => ([resolve, reject] = [yes, no]));
        let over = false;
        const end = (how: () => void): void => {
          if (!over) this.living -= 1;
          over = true;
          how();
        };
        this.lives.set(context.id, {
          context,
          crash: (error = new Error(`${context.id} crashed`)) => end(() => reject(error)),
          finish: () => end(resolve),
        });
        const stop = (): void => {
          this.diary.push(`-${context.id}`);
          if (obeys) end(resolve);
        };
        return { ended: promise, stop, ...running };
      },
      ...rest,
    };
  }

  supervisor(options: Partial<SupervisorOptions> & Pick<SupervisorOptions, 'children'>) {
    return createSupervisor({ name: 'top', environment: this.environment, ...options });
  }

  async crash(id: string): Promise<void> {
    this.lives.get(id)?.crash();
    await this.clock.rest();
  }

  async finish(id: string): Promise<void> {
    this.lives.get(id)?.finish();
    await this.clock.rest();
  }

  /** What was written since this was last asked. */
  news(): string {
    const news = this.diary.join(' ');
    this.diary = [];
    return news;
  }
}

/** How a promise ends: `'fulfilled'`, or the error. */
export function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'fulfilled',
    (error: unknown) => error,
  );
}

/** A supervisor with patience, started. */
export async function started(lab: Lab, options: Parameters<Lab['supervisor']>[0]) {
  const supervisor = lab.supervisor({ intensity: 100, ...options });
  const ended = outcome(supervisor.ended);
  await supervisor.start();
  return { supervisor, ended, first: lab.news() };
}
