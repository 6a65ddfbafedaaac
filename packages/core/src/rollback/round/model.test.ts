import { describe, expect, it } from 'vitest';
import { initial, isAtWork, steps, violation } from './model.fixture.js';
import type { Model, Weak } from './model.fixture.js';

interface Explored {
  readonly states: number;
  /** For each kind of violation the shortest way to it. */
  readonly violations: ReadonlyMap<string, readonly string[]>;
  /** States from which nothing leads to all members being at work. */
  readonly stuck: number;
}

const MOST_STATES = 1_500_000;

/** All states that can be reached, breadth first. */
function explore(weak: Weak, crashes = 2, losses = 1): Explored {
  const index = new Map<string, number>();
  const models: Model[] = [];
  const from: (readonly [number, string])[] = [];
  const before: number[][] = [];
  const violations = new Map<string, readonly string[]>();
  const way = (at: number): string[] => {
    const names: string[] = [];
    for (let i = at; i > 0; i = (from[i] as readonly [number, string])[0]) names.unshift((from[i] as readonly [number, string])[1]);
    return names;
  };
  const add = (model: Model, parent: number, name: string): number => {
    const key = JSON.stringify(model);
    const there = index.get(key);
    if (there !== undefined) return there;
    const at = models.length;
    index.set(key, at);
    models.push(model);
    from.push([parent, name]);
    before.push([]);
    const found = violation(model, weak);
    if (found && !violations.has(found)) violations.set(found, way(at));
    return at;
  };
  add(initial(crashes, losses), 0, '');
  for (let i = 0; i < models.length; i += 1) {
    if (models.length > MOST_STATES) throw new Error(`More than ${MOST_STATES} states: something in them grows.`);
    for (const [name, next] of steps(models[i] as Model, weak)) {
      const at = add(next, i, name);
      // Nobody may count on a crash to come free.
      if (!name.endsWith('crashes')) (before[at] as number[]).push(i);
    }
  }
  return { states: models.length, violations, stuck: models.length - comeFree(models, before) };
}

function comeFree(models: readonly Model[], before: readonly (readonly number[])[]): number {
  const free = new Set<number>();
  const next = models.flatMap((model, i) => (isAtWork(model) ? [i] : []));
  for (let i = next.pop(); i !== undefined; i = next.pop()) {
    if (free.has(i)) continue;
    free.add(i);
    for (const one of before[i] as readonly number[]) if (!free.has(one)) next.push(one);
  }
  return free.size;
}

describe('all states of a coordinated round: two members, two crashes, one lost answer', () => {
  const isFull = process.env['REDRESS_TESTS'] === 'full';
  const runs: readonly (readonly [string, Weak, number, number, number])[] = [
    ['silent members, two crashes, one lost answer', { silent: true }, 2, 1, 30_000],
    ['members that send, one crash', {}, 1, 0, 30_000],
    ...(isFull ? ([['members that send, two crashes, one lost answer', {}, 2, 1, 300_000]] as const) : []),
  ];
  it.each(runs)(
    'hold one line for all, no orphan, nothing behind what was acted upon, and nobody stuck: %s',
    (_, weak, crashes, losses, least) => {
      const { states, violations, stuck } = explore(weak, crashes, losses);
      expect([...violations]).toEqual([]);
      expect(stuck).toBe(0);
      expect(states).toBeGreaterThan(least);
    },
    200_000,
  );

  const variants: readonly (readonly [what: string, Weak, RegExp])[] = [
    ['the decision in the memory of a coordinator', { toy: true, noAbort: true, latest: true }, /^mixed line/],
    [
      'a recovery that leaves the open round open, and takes what is of an older epoch',
      { keepOpen: true, anyEpoch: true, latest: true },
      /^mixed line/,
    ],
    [
      'a round that begins before all have joined, and a restart that reads the newest line',
      { early: true, anyEpoch: true, latest: true },
      /^mixed line/,
    ],
    ['members that go on sending between acknowledgement and decision', { runHeld: true }, /^orphan/],
  ];
  it.each(variants)('find what is wrong with %s', (_, weak, problem) => {
    const { violations } = explore({ silent: !weak.runHeld, ...weak }, weak.runHeld ? 0 : 1, 0);
    expect([...violations.keys()]).toContainEqual(expect.stringMatching(problem));
  });

  it('find members stuck where nobody but a coordinator ends a round', () => {
    expect(explore({ noAbort: true, toy: true, latest: true, silent: true }, 1, 0).stuck).toBeGreaterThan(0);
    expect(explore({ silent: true }, 1, 0).stuck).toBe(0);
  });
});
