import { describe, expect, it } from 'vitest';
import { BROKEN } from './broken.js';
import { BROKEN_FAMILIES, family, takenBack } from './broken-families.js';
import { check } from './check.js';
import type { History } from './history.js';
import { RULES } from './rules.js';
import type { Rule } from './rules.js';
import { completed, good, there, Writer } from './written.js';

const rulesOf = (history: History): readonly Rule[] => [...new Set(check(history).map(({ rule }) => rule))];

describe('the checker of histories', () => {
  it('finds nothing wrong where nothing is', () => {
    expect(check(good().history())).toEqual([]);
    expect(check(completed(new Writer()).answer('completed').history(there))).toEqual([]);
    expect(check(family().history())).toEqual([]);
    expect(check(takenBack().history())).toEqual([]);
  });

  const broken: Readonly<Record<Rule, readonly History[]>> = { ...BROKEN, ...BROKEN_FAMILIES };
  it.each(Object.keys(RULES) as Rule[])('sees %s broken', (rule) => {
    for (const history of broken[rule]) expect(rulesOf(history)).toContain(rule);
  });
});
