import { join, resolve } from 'node:path';
import {
  amongChanged,
  baselineOf,
  changedSince,
  compare,
  lintProject,
  readBaseline,
  reporters,
  rewrite,
  writeBaseline,
} from '@redress/lint';
import type { Finding, Format, LintConfig, LintResult, Report } from '@redress/lint';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { lintConfigOf } from '../config.js';
import { EXIT, UsageError } from '../exit.js';
import type { Io } from '../io.js';

/** What is piped is as wide as it likes. */
const WIDE = 160;

interface LintFlags {
  readonly format: Format;
  readonly config?: string;
  readonly strict?: true;
  readonly fix?: true;
  readonly writeStubs?: true;
  readonly changed?: string;
  readonly updateBaseline?: true;
  readonly pruneBaseline?: true;
  readonly maxWarnings?: number;
  readonly coverage?: true;
  readonly cache: boolean;
}

/** `redress lint`: finds operations that change something and have no way back. */
export function addLint(program: Command, io: Io, end: (code: number) => void): void {
  program
    .command('lint')
    .argument('[paths...]', 'files and folders whose findings are wanted (default: all)')
    .description('finds operations that change something and have no way back')
    .addOption(new Option('--format <name>', 'how findings are written').choices(Object.keys(reporters)).default('stylish'))
    .option('--strict', 'the strict preset, which guesses too')
    .option('--fix', 'make the safe fixes')
    .option('--write-stubs', 'write an undo that throws until it is written, where there is none')
    .option('--changed <ref>', 'only what the files that differ from this commit have a part in')
    .option('--update-baseline', 'take all findings of today into the baseline')
    .option('--prune-baseline', 'take out of the baseline what no longer occurs')
    .option('--max-warnings <n>', 'end with 1 when there are more', count)
    .option('--coverage', 'how many steps of each saga can be undone, as JSON, and nothing else')
    .option('--no-cache', 'look at every file again')
    .action(async (paths: string[], flags: LintFlags) => end(await lint(io, paths, flags)));
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It is a number.');
  return Number(text);
}

async function lint(io: Io, paths: readonly string[], flags: LintFlags): Promise<number> {
  const start = performance.now();
  if (flags.updateBaseline && (paths.length > 0 || flags.changed !== undefined)) {
    throw new UsageError('--update-baseline takes the findings of the whole project: leave paths and --changed out');
  }
  const root = io.cwd;
  const config = withFlags(await lintConfigOf(io, flags.config), flags);
  const look = (): Promise<LintResult> =>
    lintProject({
      ...{ root, config, paths: paths.map((path) => resolve(root, path)) },
      ...(flags.cache ? { cacheFolder: join(root, 'node_modules/.cache/redress') } : {}),
    });
  let result = await look();
  if (flags.fix || flags.writeStubs) {
    const made = (flags.fix ? rewrite(root, result.findings, 'fix') : 0) + (flags.writeStubs ? await stubs(root, look, result, flags) : 0);
    io.err(`${made} ${made === 1 ? 'change' : 'changes'} made\n`);
    if (made > 0) result = await look();
  }
  if (flags.coverage) {
    io.out(`${JSON.stringify({ version: 1, sagas: result.sagas, steps: result.steps }, undefined, 2)}\n`);
    return EXIT.ok;
  }
  const { findings, baseline } = againstBaseline(root, config, chosen(root, result.findings, flags), flags, paths.length > 0);
  const report: Report = { ...result, root, findings, baseline, elapsedMs: performance.now() - start };
  io.out(reporters[flags.format](report, { color: io.color, width: io.isTerminal ? io.columns : WIDE }));
  return verdict(findings, flags.maxWarnings ?? config.maxWarnings);
}

/** The places have moved when fixes were made: then they are looked for again. */
async function stubs(root: string, look: () => Promise<LintResult>, before: LintResult, { fix }: LintFlags): Promise<number> {
  return rewrite(root, (fix ? await look() : before).findings, 'stub');
}

function withFlags(config: LintConfig, { strict }: LintFlags): LintConfig {
  return strict ? { ...config, preset: 'strict' } : config;
}

function chosen(root: string, findings: readonly Finding[], { changed }: LintFlags): readonly Finding[] {
  return changed === undefined ? findings : amongChanged(root, findings, changedSince(root, changed));
}

function againstBaseline(
  root: string,
  config: LintConfig,
  findings: readonly Finding[],
  flags: LintFlags,
  isPart: boolean,
): Pick<Report, 'findings' | 'baseline'> {
  const name = config.baseline ?? 'redress-baseline.json';
  const file = resolve(root, name);
  const isWhole = !isPart && flags.changed === undefined;
  if (flags.updateBaseline) {
    writeBaseline(file, baselineOf(findings));
    return { findings: [], baseline: { file: name, known: findings.length, gone: 0 } };
  }
  const before = readBaseline(file);
  if (!before) return { findings, baseline: undefined };
  const { fresh, known, gone, pruned } = compare(findings, before);
  if (flags.pruneBaseline && isWhole) writeBaseline(file, pruned);
  return { findings: fresh, baseline: { file: name, known, gone: isWhole && !flags.pruneBaseline ? gone : 0 } };
}

function verdict(findings: readonly Finding[], maxWarnings = Infinity): number {
  const warnings = findings.filter(({ level }) => level === 'warning').length;
  return findings.length > warnings || warnings > maxWarnings ? EXIT.negative : EXIT.ok;
}
