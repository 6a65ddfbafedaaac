import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { globSync } from 'tinyglobby';
import { LintUsageError } from './config.js';
import type { LintConfig } from './config.js';
import { heirsIn, isFor } from './prefilter.js';

const SOURCES = ['**/*.{ts,tsx,mts,cts}'];
const NEVER = ['**/node_modules/**', '**/*.d.{ts,mts,cts}', '**/.*/**'];
const NOT_OURS = ['**/dist/**', '**/build/**', '**/coverage/**', '**/*.{test,spec,fixture}.{ts,tsx,mts,cts}', '**/__tests__/**'];

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly hash: string;
  readonly isUnit: boolean;
  readonly heirs: readonly string[];
}

export interface Sources {
  readonly all: ReadonlyMap<string, Source>;
  /** Files that could not be read, with the reason. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

/** All sources that the configuration includes. `paths`: files and folders that the caller named; empty: all. */
export function readSources(root: string, config: LintConfig, modules: readonly string[]): Sources {
  const found = globSync([...(config.include ?? SOURCES)], {
    cwd: root,
    absolute: true,
    followSymbolicLinks: false,
    ignore: [...NEVER, ...(config.exclude ?? NOT_OURS)],
  });
  const all = new Map<string, Source>();
  const unreadable: { path: string; why: string }[] = [];
  for (const path of found.toSorted()) {
    try {
      const text = readFileSync(path, 'utf8');
      all.set(path, { path, text, hash: hashOf(text), isUnit: isFor(text, modules), heirs: heirsIn(text) });
    } catch (error) {
      unreadable.push({ path, why: error instanceof Error ? error.message : String(error) });
    }
  }
  return { all, unreadable };
}

/** The units, and the files whose classes implement or extend something that a unit names. */
export function rootsOf(sources: readonly Source[]): { readonly units: readonly Source[]; readonly heirs: readonly Source[] } {
  const units = sources.filter(({ isUnit }) => isUnit);
  const words = new Set(units.flatMap(({ text }) => text.match(/\b[A-Z_$][\w$]*/g) ?? []));
  const heirs = sources.filter((one) => !one.isUnit && one.heirs.some((name) => words.has(name)));
  return { units, heirs };
}

export function hashOf(text: string): string {
  return createHash('sha1').update(text).digest('base64url');
}

/** From the root, with slashes. */
export function shownFrom(root: string, path: string): string {
  const shown = relative(root, path);
  return (shown.startsWith('..') ? path : shown).split(sep).join('/');
}

/** The compiler's configuration: what is said, or the one beside. @throws LintUsageError when what is said is not there. */
export function tsconfigOf(root: string, config: LintConfig): string | undefined {
  const said = config.tsconfig;
  const path = resolve(root, said ?? 'tsconfig.json');
  if (existsSync(path)) return path;
  if (said !== undefined) throw new LintUsageError(`lint.tsconfig: there is no ${join(root, said)}.`);
  return undefined;
}
