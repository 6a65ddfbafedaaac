import type { LintConfig } from '../config.js';
import type { Level, Rule } from '../rule.js';
import { rules } from './index.js';

export interface ActiveRule {
  readonly rule: Rule;
  readonly level: Level;
}

/** The rules that are on, with their levels. */
export function activeRules(config: LintConfig): readonly ActiveRule[] {
  return rules.flatMap((rule) => {
    const isOn = rule.preset === 'recommended' || config.preset === 'strict';
    const said = config.rules?.[rule.id] ?? (isOn ? (rule.level === 'error' ? 'error' : 'warn') : 'off');
    return said === 'off' ? [] : [{ rule, level: said === 'warn' ? 'warning' : 'error' }];
  });
}
