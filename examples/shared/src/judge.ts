/** A sentence that must be true at the end, and what contradicts it. */
export interface Invariant {
  readonly name: string;
  readonly ok: boolean;
  readonly differs: readonly string[];
}

export function judge(checks: readonly (readonly [name: string, differs: readonly string[]])[]): readonly Invariant[] {
  return checks.map(([name, differs]) => ({ name, ok: differs.length === 0, differs }));
}

export function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, n) => sum + n, 0);
}

export function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}
