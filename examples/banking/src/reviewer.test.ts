import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bank } from './bank.fixture.js';
import { Reviewer } from './reviewer.js';

describe('the reviewer', () => {
  let bank: Bank;
  const said: unknown[] = [];
  const runtime = {
    signal: async (...args: unknown[]): Promise<void> => {
      said.push(args);
    },
  };

  beforeEach(async () => {
    bank = new Bank();
    said.length = 0;
    for (let i = 0; i < 20; i++) {
      await bank.world.reviews.request({ id: `t-${i}`, from: 'ana', to: 'ben', cents: 2_000_000 }, { idempotencyKey: `case-${i}` });
    }
  });
  afterEach(() => bank.close());

  const review = async (reviewRate: number): Promise<Reviewer> => {
    const reviewer = new Reviewer(bank.world.reviews, runtime, { reviewRate, seed: 7 });
    await reviewer.work();
    return reviewer;
  };

  it('decides every case once, and says so with the key of the case', async () => {
    const reviewer = await review(100);
    await reviewer.work();
    const decided = bank.world.reviews.decided();
    expect(decided).toHaveLength(20);
    expect(new Set(decided.map(({ approved }) => approved))).toEqual(new Set([true, false]));
    expect(said).toHaveLength(20);
    expect(said[0]).toEqual([
      'Transfer',
      't-0',
      'review',
      expect.objectContaining({ by: expect.any(String) as string }),
      { key: 'case-0' },
    ]);
    expect(bank.world.reviews.open()).toEqual([]);
  });

  it('lets lie what nobody looks at, and decides it when somebody does, as it would have', async () => {
    const half = await review(50);
    expect(half.left.size).toBe(bank.world.reviews.open().length);
    expect(half.left.size).toBeGreaterThan(0);
    expect(half.left.size).toBeLessThan(20);
    const rest = await review(100);
    expect(rest.left.size).toBe(0);
    expect(said).toHaveLength(20);
  });

  it('says again what was decided before, of transfers that have not ended', async () => {
    await review(100);
    said.length = 0;
    await new Reviewer(bank.world.reviews, runtime, { reviewRate: 100, seed: 7 }).remind(new Set(['t-3']));
    expect(said).toEqual([['Transfer', 't-3', 'review', expect.anything(), { key: 'case-3' }]]);
  });
});
