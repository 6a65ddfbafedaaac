import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LintResult } from './project.js';
import { lintProject } from './project.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/lint', import.meta.url));

/** The rows of the table that says what was planted. */
const planted = readFileSync(join(fixtures, 'README.md'), 'utf8')
  .split('\n')
  .flatMap((line) => /^\| (src\/\S+) \| (\S+) \| (\S+) \|/.exec(line)?.slice(1, 4).join(' ') ?? [])
  .toSorted();

describe('the shop with gaps', () => {
  let result: LintResult;
  beforeAll(async () => {
    result = await lintProject({ root: join(fixtures, 'shop') });
  }, 120_000);

  it('is told of every planted gap, and of nothing else', () => {
    const where = ({ className, method }: { className: string; method: string }): string =>
      className === '' ? method : `${className}.${method}`;
    expect(result.findings.map((one) => `${one.path} ${where(one)} ${one.rule}`).toSorted()).toEqual(planted);
    expect(planted.length).toBeGreaterThan(20);
  });

  it('is shown the way to an effect through an interface, a wrapper and another file', () => {
    const charge = result.findings.find(({ path }) => path === 'src/payments/payments.ts');
    expect(charge).toMatchObject({ line: 10, column: 3, mark: { column: 9, length: 6 } });
    expect(charge?.message).toBe(
      'Payments.charge is called by saga OrderService.place and reaches an effect: charge → this.gateway.charge (http-gateway.ts:9)' +
        ' → this.http.post (client.ts:18) → this.send (client.ts:26) → fetch',
    );
  });

  it('is told how many steps can be undone, what is no step included', () => {
    expect(result.steps).toEqual({ compensated: 7, readOnly: 3, irreversible: 6, undeclared: 1 });
    expect(result.sagas.find(({ saga }) => saga === 'OrderService.place')).toMatchObject({ effectful: 8, reversible: 4 });
  });
});

describe('our own examples', () => {
  it.each(['orders', 'banking', 'supervision', 'without-decorators', 'shared'])(
    '%s is clean',
    async (name) => {
      const root = fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));
      expect((await lintProject({ root })).findings).toEqual([]);
    },
    120_000,
  );
});
