import { defineStep, RefusedError, sagaOf } from '@redress/core';

/** A transfer between two accounts, in cents. */
export interface Transfer {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly cents: number;
}

export type Books = Map<string, number>;

/** An ordered list of steps over account books: nothing is replayed, so there are no rules for a body to keep. */
export function transferOver(books: Books) {
  const move = (account: string, cents: number): void => void books.set(account, (books.get(account) ?? 0) + cents);

  const debit = defineStep(
    'debit',
    { compensate: async (undo) => move(undo.args[0].from, undo.args[0].cents) },
    async ({ from, cents }: Transfer) => {
      if ((books.get(from) ?? 0) < cents) throw new RefusedError(`${from} has less than ${cents} cents.`, { code: 'INSUFFICIENT_FUNDS' });
      move(from, -cents);
      return cents;
    },
  );

  const credit = defineStep(
    'credit',
    { compensate: async (undo) => move(undo.args[0].to, -undo.args[0].cents) },
    async ({ to }: Transfer, debited: number) => {
      if (!books.has(to)) throw new RefusedError(`There is no account ${to}.`, { code: 'NO_SUCH_ACCOUNT' });
      move(to, debited);
      return `${debited} cents to ${to}`;
    },
  );

  return sagaOf<Transfer>('transfer', { id: ({ id }) => id })
    .step(debit)
    .step(credit)
    .saga();
}
