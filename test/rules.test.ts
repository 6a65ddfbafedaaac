import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalog, loadRules } from '@redress/lint';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../docs/rules', import.meta.url));
const { explain, index } = await loadRules();
const UPDATE = 'UPDATE_RULES=1 npx vitest run test/rules.test.ts';

if (process.env['UPDATE_RULES']) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'README.md'), index());
  for (const { id } of catalog) writeFileSync(join(folder, `${id}.md`), explain(id) ?? '');
}

// That the wrong example is reported and the right one is not is tested beside the rules, in packages/lint/src/rules.
describe('the pages of the rules', () => {
  it.each(catalog.map(({ id }) => id))('%s is as the rule says it', (id) => {
    expect(readFileSync(join(folder, `${id}.md`), 'utf8'), `If that is meant: ${UPDATE}`).toBe(explain(id));
  });

  it('are in an index, and there is none without a rule', () => {
    expect(readFileSync(join(folder, 'README.md'), 'utf8'), `If that is meant: ${UPDATE}`).toBe(index());
    expect(readdirSync(folder).toSorted()).toEqual(['README.md', ...catalog.map(({ id }) => `${id}.md`)].toSorted());
  });
});
