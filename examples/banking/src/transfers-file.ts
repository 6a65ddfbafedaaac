import { idOf, readRecords, whole } from '@redress/example-shared';
import type { BadLine, Form, Records } from '@redress/example-shared';
import { z } from 'zod';
import type { Transfer } from './transfer.js';

export interface TransfersFile {
  readonly transfers: readonly Transfer[];
  readonly bad: readonly BadLine[];
  readonly repeated: Records<Row>['repeated'];
}

const account = z.string().regex(/^[\w-]{1,30}$/, 'is no account number');
const rowSchema = z
  .object({
    id: idOf('transfer'),
    from: account,
    to: account,
    bank: z.string().regex(/^[A-Z]*$/, 'is no name of a bank (capital letters, or nothing: it stays with us)'),
    cents: whole(1, 100_000_000),
  })
  .refine(({ from, to, bank }) => bank !== '' || from !== to, { path: ['to'], message: 'is the account that it comes from' });

type Row = z.infer<typeof rowSchema>;

const FORM: Form<Row> = { what: 'transfer', columns: ['id', 'from', 'to', 'bank', 'cents'], row: rowSchema };

/** First line of such a file. */
export const HEADER = FORM.columns.join();

/**
 * Reads transfers, one per line. A bad line is set aside with its number and a reason, and the rest goes on.
 * @throws UsageError when the file as a whole is not of this form.
 */
export function readTransfers(text: string, file: string): TransfersFile {
  const { rows, ...rest } = readRecords(text, file, FORM);
  return { transfers: rows.map(({ bank, ...row }) => (bank === '' ? row : { ...row, bank })), ...rest };
}
