/** What a customer asked for. It is the saga's input, so it is plain data. */
export interface Transfer {
  readonly id: string;
  /** An account of ours. */
  readonly from: string;
  /** An account of ours, or of the other bank. */
  readonly to: string;
  /** The other bank; absent: it stays with us. */
  readonly bank?: string;
  readonly cents: number;
}

/** An account as it is before the first transfer. */
export interface Account {
  readonly number: string;
  readonly cents: number;
  /** Most that may leave it in a day. */
  readonly dailyCents: number;
  /** Nothing can be credited to it any more. */
  readonly closed: boolean;
}

/** What the customer gets. */
export interface Receipt {
  /** The number of the posting or payment by which the money arrived. */
  readonly proof: string;
}

/** What the person who reviews a transfer answers. */
export interface Verdict {
  readonly approved: boolean;
  readonly by: string;
}

/** How a transfer ended, in the words of the table; `waiting`: for a review, which is no end, and listed. */
export type Ending = 'completed' | 'undone' | 'refused' | 'waiting' | 'stuck' | 'unfinished';

/** A person looks at transfers of more than this. */
export const REVIEW_ABOVE_CENTS = 1_000_000;

export function needsReview({ cents }: Pick<Transfer, 'cents'>): boolean {
  return cents > REVIEW_ABOVE_CENTS;
}

const FEE_CENTS = 15;
/** To another bank: so much, and 1 per mille. */
const FEE_ABROAD_CENTS = 60;

/** What the customer pays for it. */
export function feeOf({ bank, cents }: Pick<Transfer, 'bank' | 'cents'>): number {
  return bank === undefined ? FEE_CENTS : FEE_ABROAD_CENTS + Math.floor(cents / 1000);
}
