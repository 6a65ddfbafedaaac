/** So many pieces of one product. */
export interface Item {
  readonly sku: string;
  readonly quantity: number;
}

/** What a customer asked for. It is the saga's input, so it is plain data. */
export interface Order {
  readonly id: string;
  readonly customer: string;
  /** ISO 3166 code of two letters. */
  readonly country: string;
  readonly items: readonly Item[];
  readonly cents: number;
  /** What the shop got from the card's issuer instead of a number. */
  readonly card: string;
}

/** How an order ended, in the words of the table. */
export type Ending = 'shipped' | 'undone' | 'refused' | 'stuck' | 'unfinished';
