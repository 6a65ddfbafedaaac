import { idOf, readRecords, whole } from '@redress/example-shared';
import type { BadLine, Form, Records } from '@redress/example-shared';
import { z } from 'zod';
import type { Order } from './order.js';

export interface OrdersFile {
  readonly orders: readonly Order[];
  readonly bad: readonly BadLine[];
  readonly repeated: Records<Row>['repeated'];
}

const rowSchema = z.object({
  id: idOf('order'),
  customer: z.string().min(1, 'is empty'),
  country: z.string().regex(/^[A-Z]{2}$/, 'is no country code of two capital letters'),
  sku: z.string().min(1, 'is empty'),
  quantity: whole(1, 1000),
  unit_cents: whole(1, 10_000_000),
  card: z.string().min(1, 'is empty'),
});

type Row = z.infer<typeof rowSchema>;

const FORM: Form<Row> = {
  what: 'order',
  columns: ['id', 'customer', 'country', 'sku', 'quantity', 'unit_cents', 'card'],
  row: rowSchema,
};

/**
 * Reads orders, one per line. A bad line is set aside with its number and a reason, and the rest goes on.
 * @throws UsageError when the file as a whole is not of this form.
 */
export function readOrders(text: string, file: string): OrdersFile {
  const { rows, ...rest } = readRecords(text, file, FORM);
  return { orders: rows.map(toOrder), ...rest };
}

function toOrder(row: Row): Order {
  return {
    id: row.id,
    customer: row.customer,
    country: row.country,
    items: [{ sku: row.sku, quantity: row.quantity }],
    cents: row.quantity * row.unit_cents,
    card: row.card,
  };
}
