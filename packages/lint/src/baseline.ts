import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { LintUsageError } from './config.js';
import type { Finding } from './findings.js';

/** Findings that were there before: by fingerprint, so that they may move. */
export interface Baseline {
  readonly version: 1;
  readonly findings: readonly BaselineEntry[];
}

export interface BaselineEntry {
  readonly fingerprint: string;
  /** How often it is there. */
  readonly count: number;
  /** For people who read the file. */
  readonly rule: string;
  readonly path: string;
  readonly method: string;
}

const shape = z.object({
  version: z.literal(1),
  findings: z.array(
    z.object({ fingerprint: z.string(), count: z.number().int().min(1), rule: z.string(), path: z.string(), method: z.string() }),
  ),
});

/** @throws LintUsageError when the file is there and cannot be read. */
export function readBaseline(file: string): Baseline | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LintUsageError(`${file}: it cannot be read (${String(error)}).`);
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw new LintUsageError(`${file}: it is no baseline. Write a new one with --update-baseline.`);
  }
}

export function writeBaseline(file: string, baseline: Baseline): void {
  writeFileSync(file, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

export function baselineOf(findings: readonly Finding[]): Baseline {
  const entries = new Map<string, BaselineEntry>();
  for (const { fingerprint, rule, path, className, method } of findings) {
    const count = (entries.get(fingerprint)?.count ?? 0) + 1;
    entries.set(fingerprint, { fingerprint, count, rule, path, method: className === '' ? '' : `${className}.${method}` });
  }
  const order = ({ path, rule, fingerprint }: BaselineEntry): string => [path, rule, fingerprint].join('\n');
  return { version: 1, findings: [...entries.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1)) };
}

export interface Compared {
  /** Not in the baseline: the ones that count. */
  readonly fresh: readonly Finding[];
  readonly known: number;
  /** In the baseline, and not there any more. */
  readonly gone: number;
  /** The baseline without those. */
  readonly pruned: Baseline;
}

export function compare(findings: readonly Finding[], baseline: Baseline): Compared {
  const left = new Map(baseline.findings.map(({ fingerprint, count }) => [fingerprint, count]));
  const fresh = findings.filter(({ fingerprint }) => {
    const count = left.get(fingerprint) ?? 0;
    if (count > 0) left.set(fingerprint, count - 1);
    return count === 0;
  });
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0);
  const kept = baseline.findings.flatMap((one) => {
    const count = one.count - (left.get(one.fingerprint) ?? 0);
    return count > 0 ? [{ ...one, count }] : [];
  });
  return { fresh, known: findings.length - fresh.length, gone, pruned: { version: 1, findings: kept } };
}
