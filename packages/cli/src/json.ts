/** What JSON does not know is shown in the form that people write it in; no value makes the line fail. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(plain(value, new Set()), undefined, indent) ?? 'null';
}

function plain(value: unknown, within: Set<object>): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (within.has(value)) return '[ring]';
  within.add(value);
  const shown = ofObject(value, (inner) => plain(inner, within));
  within.delete(value);
  return shown;
}

function ofObject(value: object, inner: (value: unknown) => unknown): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL || value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (value instanceof Map) return [...value].map((pair) => inner(pair));
  if (value instanceof Set) return [...value].map(inner);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Error) {
    const { name, message } = value;
    return { name, message, ...entriesOf(value, inner), ...(value.cause === undefined ? {} : { cause: inner(value.cause) }) };
  }
  return entriesOf(value, inner);
}

function entriesOf(value: object, inner: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, inner(one)]));
}
