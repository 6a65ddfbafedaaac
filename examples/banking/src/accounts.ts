import { seeded } from '@redress/example-shared';
import type { Account } from './transfer.js';

const EURO = 100;

/** The customers of a bank that never was: the same ones for the same seed. Every tenth is a company, one in fifty has left. */
export function makeAccounts(count: number, seed: number): readonly Account[] {
  const random = seeded(seed);
  const between = (min: number, max: number): number => Math.round(min + random() * (max - min));
  return Array.from({ length: count }, (_, i): Account => {
    const company = i % 10 === 0;
    return {
      number: accountNumber(i),
      cents: (company ? between(150_000, 400_000) : between(300, 9_000)) * EURO,
      dailyCents: (company ? 250_000 : 6_500) * EURO,
      closed: i % 50 === 49,
    };
  });
}

export function accountNumber(i: number): string {
  return `acc-${String(i + 1).padStart(3, '0')}`;
}
