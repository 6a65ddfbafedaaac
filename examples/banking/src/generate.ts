import { seeded } from '@redress/example-shared';
import { accountNumber } from './accounts.js';
import { REVIEW_ABOVE_CENTS } from './transfer.js';
import { HEADER } from './transfers-file.js';
import { BANKS } from './world/clearing-house.js';

/** Share of transfers that go to another bank, of those to a bank that nobody knows, and of those that a person must look at. */
const ABROAD = 0.35;
const NOWHERE = 0.02;
const LARGE = 0.03;
const SMALLEST_CENTS = 500;
const LARGEST_CENTS = 150_000;

/** A file of random transfers between the accounts and to other banks: the same ones for the same seed. */
export function generateTransfers(count: number, accounts: number, seed: number): string {
  const random = seeded(seed + 1);
  const below = (n: number): number => Math.floor(random() * n);
  const lines = Array.from({ length: count }, (_, i) => {
    const large = random() < LARGE;
    // Only companies send large sums.
    const from = large ? 10 * below(Math.ceil(accounts / 10)) : below(accounts);
    const bank = random() < ABROAD ? (random() < NOWHERE ? 'GHOSTBANK' : (BANKS[below(BANKS.length)] ?? '')) : '';
    const to = bank === '' ? accountNumber(other(from, below(accounts - 1))) : `ext-${1000 + below(9000)}`;
    const cents = large
      ? REVIEW_ABOVE_CENTS + 1 + below(REVIEW_ABOVE_CENTS)
      : Math.round(SMALLEST_CENTS * (LARGEST_CENTS / SMALLEST_CENTS) ** random());
    return [`t-${String(i + 1).padStart(5, '0')}`, accountNumber(from), to, bank, cents].join();
  });
  return `${[HEADER, ...lines].join('\n')}\n`;
}

/** Nobody sends money to himself. */
function other(from: number, among: number): number {
  return among < from ? among : among + 1;
}
