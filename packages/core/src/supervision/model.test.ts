import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RestartType } from './child.js';
import { Lab } from './lab.fixture.js';
import type { Strategy } from './strategy.js';

/*
 * A small model of OTP's supervisor.erl (handle_info 'EXIT', restart/2, terminate_children, start_children, add_restart),
 * written down from its rules and not from our code, and random histories played on both.
 */

interface ModelChild {
  readonly id: string;
  readonly restart: RestartType;
  alive: boolean;
}

class Model {
  readonly diary: string[] = [];
  children: ModelChild[];
  over = false;
  private restarts: number[] = [];

  constructor(
    readonly strategy: Strategy,
    readonly intensity: number,
    readonly periodMs: number,
    specs: readonly { readonly id: string; readonly restart: RestartType }[],
    /** Says whether this start fails. */
    readonly fails: (id: string) => boolean,
  ) {
    this.children = specs.map((spec) => ({ ...spec, alive: false }));
    this.startAll(this.children);
  }

  /** 'EXIT' of a child. */
  exit(id: string, normal: boolean, now: number): void {
    const child = this.children.find((one) => one.id === id);
    if (!child?.alive || this.over) return;
    child.alive = false;
    if (child.restart === 'temporary') this.children = this.children.filter((one) => one !== child);
    else if (child.restart === 'permanent' || !normal) this.restart(child, now);
  }

  private restart(child: ModelChild, now: number): void {
    this.restarts = [now, ...this.restarts].filter((at) => at >= now - this.periodMs);
    if (this.restarts.length > this.intensity) return this.terminate();
    const at = this.children.indexOf(child);
    const group =
      this.strategy === 'one-for-one' ? [child] : this.strategy === 'one-for-all' ? this.children.slice() : this.children.slice(at);
    for (const one of group.toReversed()) this.stop(one);
    const kept = group.filter((one) => one.restart !== 'temporary');
    this.children = this.children.filter((one) => !group.includes(one) || kept.includes(one));
    const failed = this.startAll(kept);
    // try_again_restart
    if (failed) this.restart(failed, now);
  }

  private startAll(children: readonly ModelChild[]): ModelChild | undefined {
    for (const child of children) {
      if (this.fails(child.id)) {
        this.diary.push(`!${child.id}`);
        return child;
      }
      child.alive = true;
      this.diary.push(`+${child.id}`);
    }
    return undefined;
  }

  private stop(child: ModelChild): void {
    if (child.alive) this.diary.push(`-${child.id}`);
    child.alive = false;
  }

  private terminate(): void {
    for (const child of this.children.toReversed()) this.stop(child);
    this.over = true;
  }
}

const IDS = ['a', 'b', 'c', 'd'];
const history = fc.record({
  strategy: fc.constantFrom<Strategy>('one-for-one', 'one-for-all', 'rest-for-one'),
  intensity: fc.nat(4),
  periodMs: fc.constantFrom(10, 1_000, 5_000),
  restarts: fc.array(fc.constantFrom<RestartType>('permanent', 'transient', 'temporary'), { minLength: 1, maxLength: 4 }),
  steps: fc.array(
    fc.record({
      child: fc.nat(3),
      normal: fc.boolean(),
      /** How many of the next starts of which child fail. */
      breaks: fc.option(fc.record({ child: fc.nat(3), times: fc.integer({ min: 1, max: 3 }) }), { freq: 4 }),
      passMs: fc.constantFrom(0, 1, 10, 999, 1_000, 1_001, 5_000),
    }),
    { maxLength: 25 },
  ),
});

describe('a supervisor', () => {
  it('does what a model of OTP does, in the same order, in any history', async () => {
    const seen = { limits: 0, failedStarts: 0, groups: 0 };
    await fc.assert(
      fc.asyncProperty(history, async ({ strategy, intensity, periodMs, restarts, steps }) => {
        const lab = new Lab();
        const specs = restarts.map((restart, i) => ({ id: IDS[i] as string, restart }));
        const broken = new Map<string, number>();
        const model = new Model(strategy, intensity, periodMs, specs, (id) => {
          const left = broken.get(id) ?? 0;
          broken.set(id, left - 1);
          return left > 0;
        });
        const supervisor = lab.supervisor({
          ...{ strategy, intensity, periodMs },
          children: specs.map(({ id, restart }) => lab.child(id, { restart })),
        });
        let over = false;
        supervisor.ended.catch(() => (over = true));
        await supervisor.start();
        for (const { child, normal, breaks, passMs } of steps) {
          await lab.clock.advance(passMs);
          const broke = breaks ? specs[breaks.child]?.id : undefined;
          if (broke !== undefined && breaks) for (const one of [broken, lab.broken]) one.set(broke, breaks.times);
          const id = specs[child]?.id ?? 'a';
          model.exit(id, normal, lab.clock.at);
          if (!over) await lab[normal ? 'finish' : 'crash'](id);
          expect(lab.diary).toEqual(model.diary);
          expect(over).toBe(model.over);
          if (over) break;
          const alive = supervisor.children().filter(({ state }) => state === 'running');
          expect(alive.map((one) => one.id)).toEqual(model.children.filter((one) => one.alive).map((one) => one.id));
        }
        seen.limits += Number(over);
        seen.failedStarts += Number(lab.diary.some((entry) => entry.startsWith('!')));
        seen.groups += Number(lab.diary.some((entry) => entry.startsWith('-')));
        await supervisor.stop();
        expect(lab.clock.timers.size).toBe(0);
        expect(lab.living).toBe(0);
      }),
      { numRuns: 400 },
    );
    // The histories come by the interesting places.
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(20);
  });
});
