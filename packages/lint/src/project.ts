import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { Cache } from './cache.js';
import { LintUsageError, modulesOf } from './config.js';
import type { LintConfig } from './config.js';
import { addCounts } from './counts.js';
import type { SagaCoverage, StepCounts } from './counts.js';
import { hashOf, readSources, rootsOf, shownFrom, tsconfigOf } from './files.js';
import { sortFindings, withoutTwins } from './findings.js';
import type { Finding } from './findings.js';
import type { BackEnd } from './port.js';
import { unreadable } from './unreadable.js';
import { applySuppressions } from './suppress.js';
import type { Suppressed } from './suppress.js';
import type { UnitResult } from './unit-result.js';
import { VERSION } from './version.js';

export interface LintOptions {
  /** The folder of the project; paths are shown from here. */
  readonly root: string;
  readonly config?: LintConfig;
  /** Files and folders whose findings are wanted; the whole project is read all the same. Default: all. */
  readonly paths?: readonly string[];
  /** Where to keep what was found, by content. Default: nowhere. */
  readonly cacheFolder?: string;
  readonly backEnd?: BackEnd;
}

export interface LintResult {
  readonly findings: readonly Finding[];
  readonly suppressed: Suppressed['suppressed'];
  readonly steps: StepCounts;
  readonly sagas: readonly SagaCoverage[];
  /** Read, and how many of those that import us came from the cache. */
  readonly files: number;
  readonly units: number;
  readonly cached: number;
}

/**
 * Looks at a whole project, with types and call chains. Odd code makes a finding, never an error.
 * @throws LintUsageError when the options do not fit the project.
 */
export async function lintProject(options: LintOptions): Promise<LintResult> {
  const root = realRoot(options.root);
  const config = options.config ?? {};
  const modules = modulesOf(config);
  const tsconfig = tsconfigOf(root, config);
  const { all, unreadable: broken } = readSources(root, config, modules);
  const { units, heirs } = rootsOf([...all.values()]);
  const display = (path: string): string => shownFrom(root, path);
  const key = hashOf(JSON.stringify([VERSION, root, config, [...all.keys()], heirs.map(({ hash }) => hash), tsconfig && textOf(tsconfig)]));
  const cache = new Cache(options.cacheFolder, key);
  const results = new Map<string, UnitResult>();
  for (const { path } of units) {
    const kept = cache.get(path, all);
    if (kept) results.set(path, kept);
  }
  const cached = results.size;
  const todo = units.filter(({ path }) => !results.has(path));
  if (todo.length > 0) {
    // Loaded when there is something to do: a warm run needs no compiler.
    const { lookAt } = await import('./look.js');
    const backEnd = options.backEnd ?? (await import('./ts-morph.js')).tsMorph;
    const { found, imports } = lookAt(todo, heirs, { backEnd, config, modules, tsconfig, display });
    for (const [path, result] of found) results.set(path, result);
    cache.put(results, imports, all);
  }
  const findings = [...results.values()].flatMap((one) => one.findings);
  const own = broken.map(({ path, why }) => unreadable(display(path), why));
  const judged = applySuppressions(
    withoutTwins([...findings, ...own]),
    (path) => all.get(resolve(root, path))?.text,
    [...all.keys()].map(display),
    {
      reportUnused: true,
    },
  );
  const wanted = wantedIn(root, options.paths ?? [], [...all.keys()]);
  return {
    findings: sortFindings(judged.findings.filter(({ path }) => wanted(path))),
    suppressed: judged.suppressed.filter(({ finding }) => wanted(finding.path)),
    steps: addCounts([...results.values()].map(({ steps }) => steps)),
    sagas: [...results.values()].flatMap(({ sagas }) => sagas).toSorted((a, b) => (a.saga < b.saga ? -1 : 1)),
    files: all.size,
    units: units.length,
    cached,
  };
}

/** The compiler follows links, so paths are those behind them. @throws LintUsageError when there is no such folder. */
function realRoot(folder: string): string {
  if (!existsSync(folder)) throw new LintUsageError(`${folder}: there is no such folder.`);
  return realpathSync(resolve(folder));
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

/** @throws LintUsageError for a path at which there is nothing to check. */
function wantedIn(root: string, paths: readonly string[], all: readonly string[]): (shown: string) => boolean {
  if (paths.length === 0) return () => true;
  const places = paths.map((path) => resolve(root, path));
  for (const [i, place] of places.entries()) {
    if (!all.some((one) => one === place || one.startsWith(`${place}/`))) {
      throw new LintUsageError(`${paths[i] ?? ''}: there is no source to check there.`);
    }
  }
  return (shown) => {
    const path = resolve(root, shown);
    return places.some((place) => path === place || path.startsWith(`${place}/`));
  };
}
