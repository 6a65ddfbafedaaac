import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLintConfig, LintUsageError } from './config.js';
import type { LintConfig } from './config.js';

const NAME = 'redress.config.json';

/**
 * The `lint` part of `redress.config.json` or of package.json of a folder; an empty one when there is none. Configurations that are
 * programs are read by the command. @throws LintUsageError when it does not fit.
 */
export function loadLintConfig(root: string, named?: string): LintConfig {
  const name = named ?? (existsSync(join(root, NAME)) ? NAME : undefined);
  if (name !== undefined) {
    const file = join(root, name);
    if (!existsSync(file)) throw new LintUsageError(`--config ${name}: there is no such file.`);
    return checkLintConfig(parse(file, name), name);
  }
  const manifest = join(root, 'package.json');
  if (!existsSync(manifest)) return {};
  const { redress } = parse(manifest, 'package.json') as { redress?: unknown };
  return redress === undefined ? {} : checkLintConfig(redress, 'package.json, redress');
}

function parse(file: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new LintUsageError(`${name}: it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
