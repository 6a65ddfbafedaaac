import { describe, expect, it } from 'vitest';
import { lintText } from '../text.js';
import { PRELUDE } from './example.fixture.js';
import { rules } from './index.js';

const code = (example: string): string => (/from '@redress\//.test(example) ? example : `${PRELUDE}${example}`);

describe('the examples of a rule', () => {
  it.each(rules.filter(({ scope }) => scope === 'file').map((one) => [one.id, one] as const))(
    '%s: wrong is reported, right is not',
    (id, rule) => {
      const config = { rules: { [id]: 'error' } } as const;
      const wrong = lintText('wrong.ts', code(rule.wrong), config);
      expect(wrong.map((one) => one.rule)).toContain(id);
      expect(wrong.find((one) => one.rule === id)?.help.length).toBeGreaterThan(0);
      expect(lintText('right.ts', code(rule.right), config).map((one) => `${one.rule}: ${one.message}`)).toEqual([]);
    },
  );
});
