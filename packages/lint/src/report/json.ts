import type { Report } from './report.js';

/** For programs: one document, with its version. */
export function json({ findings, suppressed, steps, sagas, files, elapsedMs, baseline }: Report): string {
  const document = {
    version: 1,
    findings: findings.map(({ fix, suggestions, ...one }) => ({
      ...one,
      ...(fix ? { fixable: true } : {}),
      ...(suggestions ? { suggestions: suggestions.map(({ title }) => title) } : {}),
    })),
    suppressed: suppressed.map(({ finding, reason }) => ({ rule: finding.rule, path: finding.path, line: finding.line, reason })),
    steps,
    sagas,
    files,
    elapsedMs: Math.round(elapsedMs),
    ...(baseline ? { baseline } : {}),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
