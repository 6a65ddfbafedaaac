import { euros, judge, total, twice } from '@redress/example-shared';
import type { Invariant } from '@redress/example-shared';
import { feeOf } from './transfer.js';
import type { Ending, Transfer } from './transfer.js';
import { FEES, TRANSIT } from './world/database.js';
import type { Facts } from './world/facts.js';

type Endings = ReadonlyMap<string, Ending>;

/** Where all the money is, in cents. */
export interface Balance {
  readonly atFirst: number;
  readonly accounts: number;
  readonly fees: number;
  /** The clearing house has accepted it. */
  readonly otherBanks: number;
  /** Taken from one account and not arrived anywhere yet. */
  readonly inTransit: number;
}

export function balanceOf({ accounts, payments }: Pick<Facts, 'accounts' | 'payments'>): Balance {
  const of = (number: string): number => accounts.find((account) => account.number === number)?.balance ?? 0;
  const otherBanks = total(payments.map(({ cents }) => cents));
  return {
    atFirst: total(accounts.map(({ initial }) => initial)),
    accounts: total(accounts.filter(({ daily }) => daily !== null).map(({ balance }) => balance)),
    fees: of(FEES),
    otherBanks,
    inTransit: of(TRANSIT) - otherBanks,
  };
}

/** Compares what the journal says of the transfers with what the remote systems say; neither of them knows the other. */
export function checkInvariants(facts: Facts, transfers: readonly Transfer[], endings: Endings): readonly Invariant[] {
  return judge([
    ['every transfer has ended, or waits for a review', unended(facts, transfers, endings)],
    ['the total is conserved', lostMoney(facts)],
    ['nothing is in transit but what waits for a review', strayMoney(facts, transfers, endings)],
    ['no account is below zero', overdrawn(facts)],
    ['every balance is the sum of its postings', misposted(facts)],
    ['each transfer moved its amount and its fee once, or nothing', mismoved(facts, transfers, endings)],
    ['every payment to another bank was asked for and debited, once', mispaid(facts, transfers, endings)],
    ['daily limits were kept', overLimit(facts, transfers, endings)],
    ['the audit trail is complete', misfiled(facts, transfers, endings)],
    ['no effect happened twice', twice(facts)],
  ]);
}

function unended({ cases }: Facts, transfers: readonly Transfer[], endings: Endings): string[] {
  const open = new Set(cases.filter(({ state }) => state === 'open').map(({ transfer }) => transfer));
  return transfers.flatMap(({ id }) => {
    const ending = endings.get(id);
    if (ending === 'waiting') return open.has(id) ? [] : [`${id} waits for a review, but lies on nobody's desk`];
    const ended = ending === 'completed' || ending === 'undone' || ending === 'refused';
    if (!ended) return [`${id} is ${ending ?? 'not in the journal'}`];
    return open.has(id) ? [`${id} is ${ending}, but its review is still open`] : [];
  });
}

function lostMoney(facts: Facts): string[] {
  const { atFirst, accounts, fees, otherBanks, inTransit } = balanceOf(facts);
  const now = accounts + fees + otherBanks + inTransit;
  if (now === atFirst) return [];
  return [
    `${euros(atFirst)} at first, but now ${euros(accounts)} in accounts + ${euros(fees)} fees + ${euros(otherBanks)} at other banks + ${euros(inTransit)} in transit`,
  ];
}

function strayMoney(facts: Facts, transfers: readonly Transfer[], endings: Endings): string[] {
  const { inTransit } = balanceOf(facts);
  const waiting = total(transfers.filter(({ id }) => endings.get(id) === 'waiting').map(({ cents }) => cents));
  return inTransit === waiting ? [] : [`${euros(inTransit)} are in transit, transfers that wait for a review are worth ${euros(waiting)}`];
}

function overdrawn({ accounts }: Facts): string[] {
  return accounts.filter(({ balance }) => balance < 0).map(({ number, balance }) => `${number} holds ${euros(balance)}`);
}

function misposted({ accounts, postings }: Facts): string[] {
  const moved = sums(postings.map(({ account, cents }) => [account, cents]));
  return accounts.flatMap(({ number, initial, balance }) => {
    const sum = initial + (moved.get(number) ?? 0);
    return sum === balance ? [] : [`${number} holds ${euros(balance)}, its postings say ${euros(sum)}`];
  });
}

/** What a transfer should have done to each account, all its postings and their reversals taken together. */
function wanted(transfer: Transfer, ending: Ending | undefined): ReadonlyMap<string, number> {
  if (ending !== 'completed' && ending !== 'waiting') return new Map();
  const { from, to, bank, cents } = transfer;
  const arrives = ending === 'completed' && bank === undefined ? to : TRANSIT;
  return sums([
    [from, -cents - feeOf(transfer)],
    [FEES, feeOf(transfer)],
    [arrives, cents],
  ]);
}

function mismoved({ postings }: Facts, transfers: readonly Transfer[], endings: Endings): string[] {
  const moved = groups(postings, ({ transfer }) => transfer);
  const known = new Set(transfers.map(({ id }) => id));
  const strangers = [...moved.keys()].filter((id) => !known.has(id)).map((id) => `${id} moved money, and nobody asked for it`);
  const wrong = transfers.flatMap((transfer) => {
    const ending = endings.get(transfer.id);
    const right = wanted(transfer, ending);
    const net = sums((moved.get(transfer.id) ?? []).map(({ account, cents }) => [account, cents]));
    return [...new Set([...right.keys(), ...net.keys()])].flatMap((account) => {
      const [is, should] = [net.get(account) ?? 0, right.get(account) ?? 0];
      if (is === should) return [];
      return [`${transfer.id} is ${ending ?? 'not in the journal'}, but moved ${euros(is)} at ${account} instead of ${euros(should)}`];
    });
  });
  return [...strangers, ...wrong];
}

function mispaid({ payments }: Facts, transfers: readonly Transfer[], endings: Endings): string[] {
  const made = groups(payments, ({ transfer }) => transfer);
  const known = new Set(transfers.map(({ id }) => id));
  const strangers = [...made.keys()].filter((id) => !known.has(id)).map((id) => `${id} was paid, and nobody asked for it`);
  const wrong = transfers.flatMap(({ id, bank, to, cents }) => {
    const paid = made.get(id) ?? [];
    const due = bank !== undefined && endings.get(id) === 'completed' ? 1 : 0;
    if (paid.length !== due) return [`${id} is ${endings.get(id) ?? 'not in the journal'}, but was paid ${paid.length} times`];
    return paid.every((one) => one.bank === bank && one.account === to && one.cents === cents)
      ? []
      : [`${id} was paid with another content`];
  });
  return [...strangers, ...wrong];
}

function overLimit({ accounts, reserved }: Facts, transfers: readonly Transfer[], endings: Endings): string[] {
  const taken = sums(reserved.filter(({ state }) => state === 'taken').map(({ account, cents }) => [account, cents]));
  const sent = sums(
    transfers.filter(({ id }) => ['completed', 'waiting'].includes(endings.get(id) ?? '')).map(({ from, cents }) => [from, cents] as const),
  );
  return accounts.flatMap(({ number, daily }) => {
    const [is, should] = [taken.get(number) ?? 0, sent.get(number) ?? 0];
    return [
      ...(daily !== null && should > daily ? [`${number} sent ${euros(should)}, its limit is ${euros(daily)}`] : []),
      ...(is === should ? [] : [`${number} has ${euros(is)} of its limit taken, and sent ${euros(should)}`]),
    ];
  });
}

function misfiled({ trail }: Facts, transfers: readonly Transfer[], endings: Endings): string[] {
  const lines = groups(trail, ({ transfer }) => transfer);
  return transfers.flatMap(({ id, cents }) => {
    const found = lines.get(id) ?? [];
    const due = endings.get(id) === 'completed' ? 1 : 0;
    if (found.length !== due) return [`${id} is ${endings.get(id) ?? 'not in the journal'}, and has ${found.length} lines`];
    return found.every((line) => line.cents === cents) ? [] : [`the line of ${id} names another amount`];
  });
}

function sums(entries: readonly (readonly [string, number])[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, cents] of entries) found.set(name, (found.get(name) ?? 0) + cents);
  return found;
}

function groups<T>(items: readonly T[], of: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const item of items) {
    const group = found.get(of(item));
    if (group) group.push(item);
    else found.set(of(item), [item]);
  }
  return found;
}
