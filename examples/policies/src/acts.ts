import { recoveryInfo } from '@redress/core';
import { Quotes } from './quotes.js';
import { InvalidDataError, reset, ServiceUnavailableError, Supplier } from './supplier.js';
import type { Turn } from './supplier.js';

/** What happened in one act, and what of it was not as it should be. */
export interface Act {
  readonly policy: string;
  readonly happened: readonly string[];
  /** What must be true. */
  readonly claim: string;
  readonly isTrue: boolean;
}

/** A call of the class, with what the supplier does meanwhile, and how it ended. */
async function call(turns: readonly Turn[], fn: (quotes: Quotes) => Promise<number>) {
  const supplier = new Supplier();
  supplier.turns = [...turns];
  const answer = fn(new Quotes(supplier));
  return { supplier, ended: await shown(answer), info: recoveryInfo(answer) };
}

const shown = (answer: Promise<number>): Promise<number | string> =>
  answer.catch((error: { code?: string; message: string }) => error.code ?? error.message);

export async function retry(): Promise<Act> {
  const { ended, supplier } = await call([reset(), reset(), 12], (quotes) => quotes.price('tea'));
  return {
    policy: '@Retry',
    happened: ['connection reset', 'connection reset', `price ${ended}`],
    claim: 'two failures that pass are repeated, and the third attempt answers',
    isTrue: ended === 12 && supplier.asked.length === 3,
  };
}

/** The four kinds of failure of the table. */
export async function recover(): Promise<readonly Act[]> {
  const slow = await call(
    [
      { afterMs: 30_000, answer: 1 },
      { afterMs: 100, answer: 20 },
    ],
    (quotes) => quotes.offer('tea'),
  );
  const invalid = await call([new InvalidDataError('no such item'), 19], (quotes) => quotes.offer(' TEA '));
  const away = await call([new ServiceUnavailableError('away')], (quotes) => quotes.offer('tea'));
  const odd = await call([new Error('what?')], (quotes) => quotes.offer('tea'));
  const policy = '@Recover';
  return [
    {
      policy,
      happened: ['too slow', `with ten times the time: ${slow.ended}`],
      claim: 'a slow answer is asked for again, with more time',
      isTrue: slow.ended === 20 && slow.supplier.asked.length >= 2,
    },
    {
      policy,
      happened: ['invalid data', `tidied up and sent again: ${invalid.ended}`],
      claim: 'invalid data is repaired',
      isTrue: invalid.ended === 19 && invalid.info?.repaired === true && invalid.supplier.asked[1] === 'offer for tea',
    },
    {
      policy,
      happened: ['the supplier is away', `from the own catalogue: ${away.ended}`],
      claim: 'another service answers in place of one that is away',
      isTrue: away.ended === 21 && away.info?.fallback === true,
    },
    {
      policy,
      happened: ['something else', `no offer, and it says so: ${odd.ended}`],
      claim: 'a degraded answer can be told from a real one',
      isTrue: odd.ended === 0 && odd.info?.degraded === true && invalid.info?.degraded === undefined,
    },
  ];
}

export async function detect(): Promise<Act> {
  const supplier = new Supplier();
  supplier.turns = [-1, -2, -3, 7];
  const quotes = new Quotes(supplier);
  const ends = [];
  for (let i = 0; i < 4; i++) ends.push(await shown(quotes.stock('tea')));
  return {
    policy: '@Detect @Repair',
    happened: ends.map((end) => (end === 4 ? 'a wrong answer, counted anew: 4' : `the next call: ${end}`)),
    claim: 'wrong answers are repaired, and count in the circuit breaker',
    isTrue: ends.join() === '4,4,4,CIRCUIT_OPEN' && supplier.asked.length === 3,
  };
}

export async function bulkhead(): Promise<Act> {
  const supplier = new Supplier();
  supplier.turns = Array.from({ length: 6 }, () => ({ afterMs: 20, answer: 1 }));
  const quotes = new Quotes(supplier);
  const ends = await Promise.all(Array.from({ length: 6 }, () => quotes.picture('tea')));
  const without = ends.filter((end) => end === -1).length;
  return {
    policy: '@Bulkhead @Fallback',
    happened: ['6 calls at once', `${supplier.mostBusy} ran at a time`, `${without} were answered without a picture`],
    claim: 'no more than two calls run at a time, and no more than two wait',
    isTrue: supplier.mostBusy === 2 && without === 2,
  };
}

export async function rateLimit(): Promise<Act> {
  const quotes = new Quotes(new Supplier());
  const ends = [];
  for (let i = 0; i < 5; i++) ends.push(await shown(quotes.report('tea')));
  const limited = ends.filter((end) => end === 'RATE_LIMITED').length;
  return {
    policy: '@RateLimit',
    happened: ['5 calls', `${limited} over the limit`],
    claim: 'three calls in a minute',
    isTrue: limited === 2,
  };
}

export async function hedge(): Promise<Act> {
  const { ended, supplier } = await call([{ afterMs: 30_000, answer: 1 }, 2], (quotes) => quotes.delivery('tea'));
  return {
    policy: '@Hedge',
    happened: ['no answer for 30 ms', 'a second copy', `it answers: ${ended}`],
    claim: 'a second copy answers for a slow one',
    isTrue: ended === 2 && supplier.asked.length === 2,
  };
}

export async function redundant(): Promise<Act> {
  const { ended } = await call([7, 9, 7], (quotes) => quotes.weight('tea'));
  return {
    policy: '@Redundant',
    happened: ['scales say 7, 9, 7', `it weighs ${ended}`],
    claim: 'the majority decides',
    isTrue: ended === 7,
  };
}
