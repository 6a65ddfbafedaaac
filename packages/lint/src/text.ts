import { readUnit } from './analysis/model.js';
import { localResolver } from './analysis/resolver.js';
import { checkUnits } from './check.js';
import { modulesOf } from './config.js';
import type { LintConfig } from './config.js';
import { sortFindings } from './findings.js';
import type { Finding } from './findings.js';
import { isFor } from './prefilter.js';
import { applySuppressions } from './suppress.js';
import { tsMorph } from './ts-morph.js';
import { unreadable } from './unreadable.js';

/** The syntactic rules over one file: what an editor shows. Never throws on odd code. */
export function lintText(path: string, text: string, config: LintConfig = {}): readonly Finding[] {
  const modules = modulesOf(config);
  if (!isFor(text, modules)) return [];
  try {
    const unit = readUnit(path, tsMorph.parse(path, text), modules);
    const resolver = localResolver(() => [unit]);
    const found = checkUnits({ units: [unit], resolver, checker: undefined, config, display: (one) => one }).get(path) ?? [];
    return sortFindings(applySuppressions(found, () => text, [path], { reportUnused: false }).findings);
  } catch (error) {
    return [unreadable(path, error instanceof Error ? error.message : String(error))];
  }
}
