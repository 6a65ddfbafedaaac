import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalog, loadRules } from '@redress/lint';
import { describe, expect, it } from 'vitest';
import { root, scratch } from './docs/files.js';

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

/** What stands around an example, so that it can be compiled. */
const AROUND = {
  'outside.ts': `const f = async (..._: unknown[]): Promise<{ id: string }> => ({ id: '' });
const all = { charge: f, cancelByKey: f, refund: f, capture: f, pay: f, check: f, balance: f, receipt: f, expire: f, send: f, write: f, ship: f };
export const bank = { ...all }, mailer = { ...all }, archive = { ...all }, url = 'x', other = 'y';
export const carrier = { ...all, recallByKey: f, reserve: f, releaseByKey: f, dispatch: f };
export const warehouse = { reserve: f, releaseByKey: f };
export class CardDeclined extends Error {}
export const isNotFound = (_: unknown): boolean => true;
`,
  'stock.ts': 'export class Stock {}',
  'order.ts': 'export interface Order { id: string; due: number }',
  'pg.d.ts': "declare module 'pg' { export class Pool { query(sql: string, values: unknown[]): Promise<unknown>; } }",
} as const;
const OUTSIDE = ['archive', 'bank', 'CardDeclined', 'carrier', 'isNotFound', 'mailer', 'other', 'url', 'warehouse'];
const MARKS = ['Compensate', 'Hedge', 'Retry', 'run', 'Saga', 'Step', 'step', 'Timeout'];

function whole(example: string): string {
  if (example.includes("from '@redress/")) return example;
  const stock = /class Stock\b/.test(example) ? '' : "import { Stock } from './stock.js';";
  return `import { RefusedError } from '@redress/core';\nimport { ${MARKS.join(', ')} } from '@redress/decorators';
import type { Undo } from '@redress/decorators';\nimport { inject, singleton } from 'tsyringe';
import { ${OUTSIDE.join(', ')} } from './outside.js';\nimport type { Order } from './order.js';\n${stock}\n${example}\nexport {};\n`;
}

// The marks of rollback are not among the decorators yet.
const NOT_YET = /@(Checkpointed|Logged)/;

it('the right examples compile', () => {
  const home = join(scratch, 'rules');
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const compilerOptions = { composite: false, noEmit: true, rootDir: '../../../..', customConditions: ['mono-source'] };
  const config = { extends: '../../../../tsconfig.json', compilerOptions, include: ['*.ts'], references: [] };
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(config));
  for (const [name, text] of Object.entries(AROUND)) writeFileSync(join(home, name), text);
  const examples = catalog.map(({ id }) => ({ id, code: /## Right\n\n```ts\n([^]*?)\n```/.exec(explain(id) ?? '')?.[1] ?? '' }));
  for (const { id, code } of examples) if (!NOT_YET.test(code)) writeFileSync(join(home, `${id}.ts`), whole(code));
  const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', home], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(examples.filter(({ code }) => NOT_YET.test(code)).length).toBeLessThan(4);
}, 120_000);
