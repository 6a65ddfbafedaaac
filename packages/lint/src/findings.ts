import { createHash } from 'node:crypto';
import type { Edit, Level, Suggestion } from './rule.js';

/** One thing that was found. All of it can be written as JSON. */
export interface Finding {
  readonly rule: string;
  readonly level: Level;
  /** From the root of the project, with slashes. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What is underlined: its line, its text, the column it begins at and its length on that line. */
  readonly mark: { readonly line: number; readonly text: string; readonly column: number; readonly length: number };
  readonly message: string;
  readonly help: readonly string[];
  readonly className: string;
  readonly method: string;
  /** Same over moves of the code: rule, class, method and what is underlined; no line numbers. */
  readonly fingerprint: string;
  /** Files that have a part in it, from the root. */
  readonly through: readonly string[];
  readonly fix?: readonly Edit[];
  readonly suggestions?: readonly Suggestion[];
}

/** The path counts only where there is no class to go by. */
export function fingerprint(rule: string, path: string, className: string, method: string, snippet: string): string {
  const place = className === '' ? path : className;
  return createHash('sha256').update([rule, place, method, snippet].join('\n')).digest('hex').slice(0, 24);
}

/** By file and place, then by rule. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const key = (one: Finding): readonly (string | number)[] => [one.path, one.line, one.column, one.rule, one.message];
  return findings.toSorted((a, b) => compare(key(a), key(b)));
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  const at = a.findIndex((one, i) => one !== b[i]);
  return at === -1 ? 0 : (a[at] as string) < (b[at] as string) ? -1 : 1;
}

/** Two sagas may lead to the same gap: it is said once. */
export function withoutTwins(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings.filter((one) => {
    const key = JSON.stringify([
      one.rule,
      one.path,
      one.mark.line,
      one.mark.column,
      one.rule === 'step-requires-compensation' ? '' : one.message,
    ]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
