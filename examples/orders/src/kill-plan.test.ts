import { describe, expect, it } from 'vitest';
import { KillPlan } from './kill-plan.js';

const IDS = Array.from({ length: 100 }, (_, i) => `o-${i}`);

function killsOf(plan: KillPlan): number[] {
  const at: number[] = [];
  for (let i = 0; i < 700; i++)
    if (plan.isDue({ type: 'event', name: 'step.started', id: `o-${i % 100}`, step: 'Payments.charge' })) at.push(i);
  return at;
}

describe('KillPlan', () => {
  it('kills first while the first order is at the carrier', () => {
    const plan = new KillPlan(1, IDS, 7);
    expect(plan.isDue({ type: 'event', name: 'step.started', id: 'o-5', step: 'Shipping.ship' })).toBe(false);
    expect(plan.isDue({ type: 'event', name: 'step.started', id: 'o-0', step: 'Payments.charge' })).toBe(false);
    expect(plan.isDue({ type: 'event', name: 'step.started', id: 'o-0', step: 'Shipping.ship' })).toBe(true);
    expect(plan.isDue({ type: 'event', name: 'step.started', id: 'o-0', step: 'Shipping.ship' })).toBe(false);
  });

  it('kills when the first order has ended, if it never gets there', () => {
    expect(new KillPlan(1, IDS, 7).isDue({ type: 'event', name: 'saga.compensated', id: 'o-0' })).toBe(true);
  });

  it('spreads the other kills over the whole, at the same moments for the same seed', () => {
    const moments = (seed: number): number[] => {
      const plan = new KillPlan(4, IDS, seed);
      plan.isDue({ type: 'event', name: 'saga.completed', id: 'o-0' });
      return killsOf(plan);
    };
    expect(moments(7)).toEqual(moments(7));
    expect(moments(7)).not.toEqual(moments(8));
    moments(7).forEach((at, k) => {
      expect(at).toBeGreaterThan((600 * (k + 1)) / 4);
      expect(at).toBeLessThan((600 * (k + 2)) / 4);
    });
    expect(moments(7)).toHaveLength(3);
  });

  it('kills nobody when told so', () => {
    expect(killsOf(new KillPlan(0, IDS, 7))).toEqual([]);
  });
});
