import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { check } from './check.js';
import { line } from './history.js';
import type { History } from './history.js';
import type { Violation } from './rules.js';
import { ERA, simulate } from './simulate.js';

const TAIL = 60;
const SHOWN = 8;

/** A number that changes with the commit, so that each commit looks at other seeds. */
export function seedOfCommit(): number {
  try {
    const folder = fileURLToPath(new URL('.', import.meta.url));
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number.parseInt(head.slice(0, 7), 16);
  } catch {
    return 1;
  }
}

/** Seeds that broke a rule once: they are tried for ever. */
export function keptSeeds(): readonly string[] {
  const text = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8');
  const lines = text.split('\n').map((one) => one.replace(/#.*/, '').trim());
  return lines.filter((one) => one !== '');
}

/** Lives through one seed twice. Undefined when the rules were kept and both lives are the same; else what to print. */
export async function trySeed(seed: string | number): Promise<string | undefined> {
  const history = await worldOf(seed);
  const violations = check(history);
  if (violations.length > 0) return report(seed, history, violations);
  const again = await worldOf(seed);
  const at = firstDifference(history, again);
  if (at === undefined) return undefined;
  const [one, two] = [history.records[at], again.records[at]].map((record) => (record ? line(record) : 'nothing'));
  return [`seed ${seed} is not the same twice: record ${at}`, one, two, command(seed)].join('\n');
}

function firstDifference(one: History, two: History): number | undefined {
  const length = Math.max(one.records.length, two.records.length);
  for (let at = 0; at < length; at++) {
    if (JSON.stringify(one.records[at]) !== JSON.stringify(two.records[at])) return at;
  }
  return undefined;
}

/** The number, what was broken, how it came to it, and how to see it again. */
function report(seed: string | number, history: History, violations: readonly Violation[]): string {
  const { records } = history;
  const first = violations[0] as Violation;
  const about = (record: object): boolean => first.run === '' || !('run' in record) || record.run === first.run;
  const before = [...records.slice(0, first.at + 1).entries()].filter(([, record]) => about(record)).slice(-TAIL);
  return [
    `seed ${seed} broke a rule${violations.length === 1 ? '' : `, ${violations.length} times in all`}:`,
    ...violations.slice(0, SHOWN).map(({ rule, run, t, what }) => `  ${rule} at ${t.toFixed(1)} ms, ${run}: ${what}`),
    `what led to the first, ${first.run}:`,
    ...before.map(([at, record]) => `${String(at).padStart(5)} ${line(record)}`),
    command(seed),
  ].join('\n');
}

/** `7`, or `1:7` for a world of the first era. */
function worldOf(seed: string | number): Promise<History> {
  const [number = 0, era = ERA] = String(seed).split(':').map(Number).toReversed();
  return simulate(number, era);
}

function command(seed: string | number): string {
  return `Again, alone and whole: REDRESS_SEED=${seed} npx vitest run test/simulation/simulation.test.ts`;
}

/** The whole log of one seed. */
export async function logOf(seed: string): Promise<string> {
  return (await worldOf(seed)).records.map(line).join('\n');
}
