const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** A span in one unit, such as `14m`; below a second in milliseconds. */
export function span(ms: number): string {
  const length = Math.abs(ms);
  for (const [name, unit] of UNITS) if (length >= unit) return `${Math.floor(length / unit)}${name}`;
  return `${Math.round(length)}ms`;
}

/** `in 4m`, `14m ago`. */
export function fromNow(at: number, now: number): string {
  return at > now ? `in ${span(at - now)}` : `${span(now - at)} ago`;
}

/** A moment as people and programs read it: ISO 8601 in UTC, to the second. */
export function moment(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
