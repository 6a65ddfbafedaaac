import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { LintUsageError } from './config.js';
import type { Finding } from './findings.js';

/** Files that differ from a commit of git, and those that git does not know yet; absolute. @throws LintUsageError for a reference that is none. */
export function changedSince(root: string, ref: string): ReadonlySet<string> {
  if (ref.startsWith('-')) throw new LintUsageError(`--changed ${ref}: it is no reference of git.`);
  const top = git(root, ref, ['rev-parse', '--show-toplevel']).trim();
  const differs = git(root, ref, ['diff', '--name-only', '-z', '--diff-filter=d', '--merge-base', ref, '--']);
  const unknown = git(root, ref, ['ls-files', '--others', '--exclude-standard', '-z', '--full-name', '--', top]);
  return new Set([...differs.split('\0'), ...unknown.split('\0')].filter(Boolean).map((path) => resolve(top, path)));
}

function git(root: string, ref: string, args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.split('\n')[0] ?? String(error);
    throw new LintUsageError(`--changed ${ref}: git says: ${said}`);
  }
}

/** Those in changed files, and those whose chain goes through one. */
export function amongChanged(root: string, findings: readonly Finding[], changed: ReadonlySet<string>): readonly Finding[] {
  return findings.filter(({ path, through }) => [path, ...through].some((one) => changed.has(resolve(root, one))));
}
