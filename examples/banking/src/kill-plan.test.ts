import { describe, expect, it } from 'vitest';
import { KillPlan } from './kill-plan.js';
import type { Report } from './messages.js';

const event = (id: string, name = 'step.started'): Report => ({ type: 'event', name, id });

/** Workers report in turn; answers which one was killed at which event. */
function killsOf(plan: KillPlan, events = 1200): (readonly [at: number, worker: number])[] {
  const kills: [number, number][] = [];
  for (let i = 0; i < events; i++) if (plan.isDue(1 + (i % 4), event(`t-${i}`))) kills.push([i, 1 + (i % 4)]);
  return kills;
}

const hundred = { transfers: 100, workers: 4, seed: 7 };

describe('KillPlan', () => {
  it('kills first when the clearing house has accepted the first payment', () => {
    const plan = new KillPlan(1, { ...hundred, first: 't-5' });
    expect(plan.isDue(2, { type: 'accepted', id: 't-4' })).toBe(false);
    expect(plan.isDue(2, event('t-5'))).toBe(false);
    expect(plan.isDue(2, { type: 'accepted', id: 't-5' })).toBe(true);
    expect(plan.isDue(2, { type: 'accepted', id: 't-5' })).toBe(false);
    expect(plan.left).toBe(0);
  });

  it('kills when that transfer has ended, if it never gets there', () => {
    expect(new KillPlan(1, { ...hundred, first: 't-5' }).isDue(3, event('t-5', 'saga.compensated'))).toBe(true);
  });

  it('spreads the kills over the whole, of the same workers at the same moments for the same seed', () => {
    const kills = killsOf(new KillPlan(5, { ...hundred, first: undefined }));
    expect(kills).toHaveLength(5);
    expect(kills).toEqual(killsOf(new KillPlan(5, { ...hundred, first: undefined })));
    expect(kills).not.toEqual(killsOf(new KillPlan(5, { ...hundred, first: undefined, seed: 8 })));
    kills.forEach(([at], k) => {
      expect(at).toBeGreaterThan(160 * k);
      expect(at).toBeLessThan(160 * (k + 1));
    });
  });

  it('counts what a killed worker had said before, and does not kill it again', () => {
    const plan = new KillPlan(2, { ...hundred, first: undefined });
    for (let i = 0; i < 1600; i++) expect(plan.isDue(1, event(`t-${i}`), true)).toBe(false);
    expect(plan.left).toBe(2);
    expect(plan.isDue(1, event('t-0'))).toBe(true);
  });

  it('does not wait for a worker that has nothing to say', () => {
    const plan = new KillPlan(2, { ...hundred, first: undefined });
    let kills = 0;
    for (let i = 0; i < 1600; i++) if (plan.isDue(9, event(`t-${i}`))) kills++;
    expect(kills).toBe(2);
  });

  it('kills nobody when told so', () => {
    expect(killsOf(new KillPlan(0, { ...hundred, first: 't-1' }))).toEqual([]);
  });
});
