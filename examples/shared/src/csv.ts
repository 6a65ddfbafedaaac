import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { UsageError } from './usage.js';

/** A line of the file that is no record, and why. */
export interface BadLine {
  readonly line: number;
  readonly reason: string;
}

/** What a file of records looks like. */
export interface Form<Row extends { readonly id: string }> {
  /** One record, such as `order`; the file is an orders file. */
  readonly what: string;
  readonly columns: readonly (keyof Row & string)[];
  readonly row: z.ZodType<Row>;
}

export interface Records<Row> {
  readonly rows: readonly Row[];
  readonly bad: readonly BadLine[];
  /** Lines that say again, word for word, what an earlier line says: the same record. */
  readonly repeated: readonly { readonly line: number; readonly id: string; readonly firstLine: number }[];
}

/** A cell that holds a whole number. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^[+-]?\d+$/, 'is no whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `is not between ${min} and ${max}`);

/** A cell that holds the id of an `order` or the like. */
export const idOf = (what: string) => z.string().regex(/^[\w.-]{1,40}$/, `is no ${what} id (letters, digits, ".", "_", "-"; at most 40)`);

/**
 * Reads records, one per line. A bad line is set aside with its number and a reason, and the rest goes on.
 * @throws UsageError when the file as a whole is not of this form.
 */
export function readRecords<Row extends { readonly id: string }>(text: string, file: string, form: Form<Row>): Records<Row> {
  const rows: Row[] = [];
  const bad: BadLine[] = [];
  const repeated: { line: number; id: string; firstLine: number }[] = [];
  const seen = new Map<string, { row: Row; line: number }>();
  const [header, ...records] = cells(text, bad);
  checkHeader(header?.cells, file, form);

  for (const { cells: values, line } of records) {
    const read = readRow(values, form);
    if (typeof read === 'string') {
      bad.push({ line, reason: read });
      continue;
    }
    const first = seen.get(read.id);
    if (!first) {
      seen.set(read.id, { row: read, line });
      rows.push(read);
      continue;
    }
    const differences = form.columns.filter((column) => first.row[column] !== read[column]);
    if (differences.length === 0) repeated.push({ line, id: read.id, firstLine: first.line });
    else bad.push({ line, reason: conflict(form.what, read, line, first, differences) });
  }
  return { rows, bad: bad.sort((a, b) => a.line - b.line), repeated };
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

function checkHeader<Row extends { readonly id: string }>(header: readonly string[] | undefined, file: string, form: Form<Row>): void {
  if (header?.join() === form.columns.join()) return;
  throw new UsageError(`${file} is no ${form.what}s file: its first line must be "${form.columns.join()}".`);
}

/** The row, or what is wrong with it. */
function readRow<Row extends { readonly id: string }>(values: readonly string[], { columns, row }: Form<Row>): Row | string {
  if (values.length !== columns.length) return `it has ${values.length} columns instead of ${columns.length}`;
  const result = row.safeParse(Object.fromEntries(columns.map((column, i) => [column, values[i]])));
  if (result.success) return result.data;
  const reasons = result.error.issues.map(({ path, message }) => {
    const column = String(path[0]);
    return `${column} "${values[columns.findIndex((name) => name === column)]}" ${message}`;
  });
  return reasons.join('; ');
}

function conflict<Row extends { readonly id: string }>(
  what: string,
  row: Row,
  line: number,
  first: { row: Row; line: number },
  differences: readonly (keyof Row & string)[],
): string {
  const which = differences.map((column) => `${column} "${String(first.row[column])}" and "${String(row[column])}"`);
  return `${what} ${row.id} is used twice with different content, on lines ${first.line} and ${line}: ${which.join(', ')}`;
}
