interface Bank {
  accounts(): unknown;
  postings(): unknown;
  asked(): unknown;
  close(): void;
}

export const ACCOUNTS: number;
export const FIRST_CENTS: number;
export function openBank(file: string): Bank;
