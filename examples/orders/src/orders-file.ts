import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { Order } from './order.js';
import { UsageError } from './usage.js';

/** A line of the file that is no order, and why. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

export interface OrdersFile {
  readonly orders: readonly Order[];
  readonly bad: readonly BadLine[];
  /** Lines that say again, word for word, what an earlier line says: the same order. */
  readonly repeated: readonly { readonly line: number; readonly id: string; readonly firstLine: number }[];
}

const COLUMNS = ['id', 'customer', 'country', 'sku', 'quantity', 'unit_cents', 'card'] as const;

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^[+-]?\d+$/, 'is no whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `is not between ${min} and ${max}`);

const rowSchema = z.object({
  id: z.string().regex(/^[\w.-]{1,40}$/, 'is no order id (letters, digits, ".", "_", "-"; at most 40)'),
  customer: z.string().min(1, 'is empty'),
  country: z.string().regex(/^[A-Z]{2}$/, 'is no country code of two capital letters'),
  sku: z.string().min(1, 'is empty'),
  quantity: whole(1, 1000),
  unit_cents: whole(1, 10_000_000),
  card: z.string().min(1, 'is empty'),
});

type Row = z.infer<typeof rowSchema>;

/**
 * Reads orders, one per line. A bad line is set aside with its number and a reason, and the rest goes on.
 * @throws UsageError when the file as a whole is not of this form.
 */
export function readOrders(text: string, file: string): OrdersFile {
  const orders: Order[] = [];
  const bad: BadLine[] = [];
  const repeated: { line: number; id: string; firstLine: number }[] = [];
  const seen = new Map<string, { row: Row; line: number }>();
  const [header, ...records] = cells(text, bad);
  checkHeader(header?.cells, file);

  for (const { cells: values, line } of records) {
    const read = readRow(values);
    if (typeof read === 'string') {
      bad.push({ line, reason: read });
      continue;
    }
    const first = seen.get(read.id);
    if (!first) {
      seen.set(read.id, { row: read, line });
      orders.push(toOrder(read));
      continue;
    }
    const differences = COLUMNS.filter((column) => first.row[column] !== read[column]);
    if (differences.length === 0) repeated.push({ line, id: read.id, firstLine: first.line });
    else bad.push({ line, reason: conflict(read, line, first, differences) });
  }
  return { orders, bad: bad.sort((a, b) => a.line - b.line), repeated };
}

interface Cells {
  readonly cells: readonly string[];
  readonly line: number;
}

function cells(text: string, bad: BadLine[]): readonly Cells[] {
  const records: unknown = parse(text, {
    bom: true,
    info: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      bad.push({ line: Number(error?.['lines'] ?? 0), reason: `it cannot be read as CSV (${error?.code ?? 'unknown'})` });
      return undefined;
    },
  });
  return (records as { record: string[]; info: { lines: number } }[]).map(({ record, info }) => ({ cells: record, line: info.lines }));
}

function checkHeader(header: readonly string[] | undefined, file: string): void {
  if (header?.join() === COLUMNS.join()) return;
  throw new UsageError(`${file} is no orders file: its first line must be "${COLUMNS.join()}".`);
}

/** The row, or what is wrong with it. */
function readRow(values: readonly string[]): Row | string {
  if (values.length !== COLUMNS.length) return `it has ${values.length} columns instead of ${COLUMNS.length}`;
  const result = rowSchema.safeParse(Object.fromEntries(COLUMNS.map((column, i) => [column, values[i]])));
  if (result.success) return result.data;
  const reasons = result.error.issues.map(({ path, message }) => {
    const column = String(path[0]);
    return `${column} "${values[COLUMNS.findIndex((name) => name === column)]}" ${message}`;
  });
  return reasons.join('; ');
}

function conflict(row: Row, line: number, first: { row: Row; line: number }, differences: readonly (keyof Row)[]): string {
  const what = differences.map((column) => `${column} "${first.row[column]}" and "${row[column]}"`);
  return `order ${row.id} is used twice with different content, on lines ${first.line} and ${line}: ${what.join(', ')}`;
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
