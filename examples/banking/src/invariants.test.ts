import { describe, expect, it } from 'vitest';
import { checkInvariants } from './invariants.js';
import type { Ending, Transfer } from './transfer.js';
import type { Facts } from './world/facts.js';

const within: Transfer = { id: 't-1', from: 'ana', to: 'ben', cents: 1000 };
const abroad: Transfer = { id: 't-2', from: 'ana', to: 'x', bank: 'NORDBANK', cents: 2000 };
const large: Transfer = { id: 't-3', from: 'ana', to: 'ben', cents: 5000 };
const ENDINGS: ReadonlyMap<string, Ending> = new Map([
  ['t-1', 'completed'],
  ['t-2', 'completed'],
  ['t-3', 'waiting'],
]);

/** One transfer within the bank, one to another, one that waits: everything as it should be. */
const FINE: Facts = {
  accounts: [
    { number: 'FEES', initial: 0, balance: 15 + 62 + 15, daily: null },
    { number: 'TRANSIT', initial: 0, balance: 7000, daily: null },
    { number: 'ana', initial: 20_000, balance: 20_000 - 8000 - 92, daily: 9000 },
    { number: 'ben', initial: 0, balance: 1000, daily: 9000 },
  ],
  postings: [
    ...moved('t-1', 'ana', 'TRANSIT', 1000),
    ...moved('t-1', 'ana', 'FEES', 15),
    ...moved('t-1', 'TRANSIT', 'ben', 1000),
    ...moved('t-2', 'ana', 'TRANSIT', 2000),
    ...moved('t-2', 'ana', 'FEES', 62),
    ...moved('t-3', 'ana', 'TRANSIT', 5000),
    ...moved('t-3', 'ana', 'FEES', 15),
  ],
  reserved: [1000, 2000, 5000].map((cents) => ({ account: 'ana', cents, state: 'taken' as const })),
  payments: [{ transfer: 't-2', bank: 'NORDBANK', account: 'x', cents: 2000 }],
  cases: [{ transfer: 't-3', cents: 5000, state: 'open' }],
  trail: [
    { transfer: 't-1', cents: 1000 },
    { transfer: 't-2', cents: 2000 },
  ],
  effects: [{ key: 'a', call: 'ledger.debit', times: 1 }],
  askedAgain: 0,
};

function moved(transfer: string, from: string, to: string, cents: number): Facts['postings'] {
  return [
    { transfer, account: from, cents: -cents },
    { transfer, account: to, cents },
  ];
}

function broken(facts: Partial<Facts>, endings: Record<string, Ending | undefined> = {}): Record<string, readonly string[]> {
  const known = new Map(ENDINGS);
  for (const [id, ending] of Object.entries(endings)) {
    if (ending) known.set(id, ending);
    else known.delete(id);
  }
  const found = checkInvariants({ ...FINE, ...facts }, [within, abroad, large], known);
  return Object.fromEntries(found.filter(({ ok }) => !ok).map(({ name, differs }) => [name, differs]));
}

const holding = (account: string, cents: number): Facts['accounts'] =>
  FINE.accounts.map((one) => (one.number === account ? { ...one, balance: one.balance + cents } : one));

describe('checkInvariants', () => {
  it('finds nothing where nothing is wrong', () => {
    expect(broken({})).toEqual({});
  });

  it('misses a lost cent', () => {
    expect(broken({ accounts: holding('ben', -1) })).toEqual({
      'the total is conserved': [
        '200.00 EUR at first, but now 129.07 EUR in accounts + 0.92 EUR fees + 20.00 EUR at other banks + 50.00 EUR in transit',
      ],
      'every balance is the sum of its postings': ['ben holds 9.99 EUR, its postings say 10.00 EUR'],
    });
  });

  it('sees money that was made out of nothing, postings and all', () => {
    const postings = [...FINE.postings, { transfer: 't-1', account: 'ben', cents: 500 }];
    expect(Object.keys(broken({ accounts: holding('ben', 500), postings }))).toEqual([
      'the total is conserved',
      'each transfer moved its amount and its fee once, or nothing',
    ]);
  });

  it('sees a debit that happened twice', () => {
    const postings = [...FINE.postings, ...moved('t-1', 'ana', 'TRANSIT', 1000)];
    const accounts = holding('ana', -1000).map((one) => (one.number === 'TRANSIT' ? { ...one, balance: one.balance + 1000 } : one));
    expect(broken({ accounts, postings })).toEqual({
      'nothing is in transit but what waits for a review': [
        '60.00 EUR are in transit, transfers that wait for a review are worth 50.00 EUR',
      ],
      'each transfer moved its amount and its fee once, or nothing': [
        't-1 is completed, but moved -20.15 EUR at ana instead of -10.15 EUR',
        't-1 is completed, but moved 10.00 EUR at TRANSIT instead of 0.00 EUR',
      ],
    });
  });

  it('names an account below zero', () => {
    expect(broken({ accounts: holding('ben', -1001) })['no account is below zero']).toEqual(['ben holds -0.01 EUR']);
  });

  it('sees a payment that was made twice, and one that nobody asked for', () => {
    const payments = [...FINE.payments, ...FINE.payments, { transfer: 't-9', bank: 'NORDBANK', account: 'y', cents: 1 }];
    expect(broken({ payments })['every payment to another bank was asked for and debited, once']).toEqual([
      't-9 was paid, and nobody asked for it',
      't-2 is completed, but was paid 2 times',
    ]);
  });

  it('believes no journal that says undone while the other bank has the money', () => {
    expect(broken({}, { 't-2': 'undone' })['every payment to another bank was asked for and debited, once']).toEqual([
      't-2 is undone, but was paid 1 times',
    ]);
  });

  it('sees a limit that was not kept, and one that was taken for nothing', () => {
    const accounts = FINE.accounts.map((one) => (one.number === 'ana' ? { ...one, daily: 7999 } : one));
    expect(broken({ accounts })['daily limits were kept']).toEqual(['ana sent 80.00 EUR, its limit is 79.99 EUR']);
    const reserved = [...FINE.reserved, { account: 'ben', cents: 5, state: 'taken' as const }];
    expect(broken({ reserved })['daily limits were kept']).toEqual(['ben has 0.05 EUR of its limit taken, and sent 0.00 EUR']);
  });

  it('misses a line of the audit trail', () => {
    expect(broken({ trail: FINE.trail.slice(1) })).toEqual({ 'the audit trail is complete': ['t-1 is completed, and has 0 lines'] });
  });

  it('lets nothing wait that lies on nobody’s desk', () => {
    expect(broken({ cases: [] })).toEqual({
      'every transfer has ended, or waits for a review': [`t-3 waits for a review, but lies on nobody's desk`],
    });
  });

  it.each([
    ['unfinished', 't-1 is unfinished'],
    ['stuck', 't-1 is stuck'],
    [undefined, 't-1 is not in the journal'],
  ] as const)('does not take %s for an end', (ending, text) => {
    expect(broken({}, { 't-1': ending })['every transfer has ended, or waits for a review']).toEqual([text]);
  });

  it('sees an effect that happened twice under one key', () => {
    expect(broken({ effects: [{ key: 'a', call: 'ledger.debit', times: 2 }] })).toEqual({
      'no effect happened twice': ['ledger.debit with key a had its effect 2 times'],
    });
  });
});
