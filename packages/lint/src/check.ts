import type { Unit } from './analysis/model.js';
import { createReach } from './analysis/reach.js';
import type { Resolver } from './analysis/resolver.js';
import type { LintConfig } from './config.js';
import { classifier } from './effects/classify.js';
import { findingOf } from './finding.js';
import type { Finding } from './findings.js';
import type { ts } from './port.js';
import type { Context } from './rule.js';
import { activeRules } from './rules/active.js';
import { unreadable } from './unreadable.js';

export interface Checked {
  readonly units: readonly Unit[];
  readonly resolver: Resolver;
  readonly checker: ts.TypeChecker | undefined;
  readonly emitsMetadata?: boolean;
  readonly config: LintConfig;
  readonly display: (path: string) => string;
}

/** Runs all active rules over units; a rule that fails on odd code is one finding there, and spoils no other. */
export function checkUnits({
  units,
  resolver,
  checker,
  emitsMetadata = false,
  config,
  display,
}: Checked): ReadonlyMap<string, readonly Finding[]> {
  const active = activeRules(config);
  const classify = classifier(config.effects);
  const reach = createReach(resolver, classify);
  return new Map(
    units.map((unit) => {
      const found: Finding[] = [];
      for (const { rule, level } of active) {
        if (rule.scope === 'project' && !checker) continue;
        const context: Context = {
          ...{ unit, resolver, reach, classify, units, checker, emitsMetadata, display },
          report: (problem) => void found.push(findingOf(problem, { rule: rule.id, level, display })),
        };
        try {
          rule.check(context);
        } catch (error) {
          found.push(
            unreadable(display(unit.path), `the rule ${rule.id} failed on it: ${error instanceof Error ? error.message : String(error)}`),
          );
        }
      }
      return [unit.path, found];
    }),
  );
}
