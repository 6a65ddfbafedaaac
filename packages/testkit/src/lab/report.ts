import { expect } from 'vitest';

/** What came of one trial. */
export interface Finding {
  /** Such as `backward > after:undo Payments.charge`, or `Payments.charge > answer lost`. */
  readonly name: string;
  readonly verdict: 'ok' | 'wrong' | 'skipped';
  /** How the run ended, such as `compensated`. */
  readonly ending: string;
  /** What is wrong, or why it was skipped. */
  readonly why?: string;
}

export interface Report {
  /** The saga. */
  readonly title: string;
  readonly seed: number;
  readonly findings: readonly Finding[];
  /** Trials that were made, of those that there are. */
  readonly covered: number;
  readonly total: number;
  /** How often runs ended so. */
  readonly endings: Readonly<Record<string, number>>;
  /** For people. */
  toString(): string;
}

export function reportOf(title: string, seed: number, findings: readonly Finding[]): Report {
  const made = findings.filter(({ verdict }) => verdict !== 'skipped');
  const endings: Record<string, number> = {};
  for (const { ending } of made) endings[ending] = (endings[ending] ?? 0) + 1;
  const facts = { title, seed, findings, covered: made.length, total: findings.length, endings };
  return { ...facts, toString: () => inWords(facts) };
}

/** Answers the report when all is well. @throws Error that names every trial that went wrong, and how to repeat it alone. */
export function conclude(kind: string, report: Report): Report {
  const wrong = report.findings.filter(({ verdict }) => verdict === 'wrong');
  if (wrong.length === 0) return report;
  const shown = wrong.slice(0, 20).map(({ name, why }) => `\n  ✖ ${name}\n      ${why ?? ''}`);
  const more = wrong.length > shown.length ? `\n  and ${wrong.length - shown.length} more` : '';
  const { title, seed, total } = report;
  throw new Error(
    `${kind}, ${title}: ${wrong.length} of ${total} trials went wrong (seed ${seed}).${shown.join('')}${more}\n` +
      `One alone: ${replay(seed, wrong[0]?.name ?? '')}`,
  );
}

/** The trials to make: all, or the one that was asked for. @throws Error when there is no such trial. */
export function chosen<T extends { readonly name: string }>(trials: readonly T[], only = process.env['REDRESS_ONLY']): readonly T[] {
  if (only === undefined || only === '') return trials;
  const found = trials.filter(({ name }) => name === only);
  if (found.length > 0) return found;
  throw new Error(`There is no trial "${only}". There are:\n${trials.map(({ name }) => `  ${name}`).join('\n')}`);
}

/** The command that makes one trial alone. */
function replay(seed: number, name: string): string {
  const { testPath, currentTestName } = expect.getState();
  const file = testPath === undefined ? '' : ` ${quoted(testPath.replace(`${process.cwd()}/`, ''))}`;
  const test = currentTestName === undefined ? '' : ` -t ${quoted(currentTestName.replaceAll(' > ', ' '))}`;
  return `REDRESS_SEED=${seed} REDRESS_ONLY=${quoted(name)} npx vitest run${file}${test}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function inWords({ title, seed, findings, covered, total, endings }: Omit<Report, 'toString'>): string {
  const counts = Object.entries(endings).map(([ending, count]) => `${count} ${ending}`);
  const skipped = findings.filter(({ verdict }) => verdict === 'skipped').map(({ name, why }) => `\n  – ${name}: ${why ?? ''}`);
  return `${title}: ${covered} of ${total} trials, ${counts.join(', ')}, seed ${seed}${skipped.join('')}`;
}
