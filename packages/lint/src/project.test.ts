import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder } from './folder.fixture.js';
import { lintProject } from './project.js';
import type { LintOptions } from './project.js';

const SAGA = (from: string): string => `import { Saga } from '@redress/decorators';
import { Bank } from '${from}';
export class Orders {
  constructor(readonly bank: Bank) {}
  @Saga({ id: (id: string) => id }) async place(id: string) { await this.bank.pay(id); }
}`;
const BANK = "export class Bank { async pay(id: string) { await fetch('x', { method: 'POST', body: id }); } }";

async function found(files: Readonly<Record<string, string>>, options: Partial<LintOptions> = {}): Promise<string[]> {
  using project = folder(files);
  return (await lintProject({ root: project.root, ...options })).findings.map(({ path, rule }) => `${path} ${rule}`);
}

describe('calls are followed', () => {
  const expected = ['bank.ts step-requires-compensation'];
  const config = (compilerOptions: object): string =>
    JSON.stringify({ compilerOptions: { experimentalDecorators: true, ...compilerOptions } });

  it.each([
    ['by .js', './bank.js', {}],
    ['by no ending, as bundlers do', './bank', { module: 'ESNext', moduleResolution: 'bundler' }],
    ['by .ts', './bank.ts', { module: 'NodeNext', allowImportingTsExtensions: true, noEmit: true }],
    ['by an alias of the configuration', '@app/bank', { module: 'ESNext', moduleResolution: 'bundler', paths: { '@app/*': ['./*'] } }],
    ['by a base', 'bank', { module: 'CommonJS', moduleResolution: 'node10', baseUrl: '.', ignoreDeprecations: '6.0' }],
  ])('%s', async (_, from, options) => {
    expect(await found({ 'saga.ts': SAGA(from), 'bank.ts': BANK, 'tsconfig.json': config(options) })).toEqual(expected);
  });

  it('through an index that exports again, and an inherited method', async () => {
    const index = "export * from './other.js';";
    const other = "import { Base } from './base.js';\nexport class Bank extends Base {}";
    const base = BANK.replace('class Bank', 'class Base');
    expect(await found({ 'saga.ts': SAGA('./index.js'), 'index.ts': index, 'other.ts': other, 'base.ts': base })).toEqual([
      'base.ts step-requires-compensation',
    ]);
  });

  it('to the subclasses of an abstract class, and not into declarations', async () => {
    const bank = 'export abstract class Bank { abstract pay(id: string): Promise<void>; }';
    const real = `import { Bank } from './bank.js';\n${BANK.replace('class Bank', 'class Real extends Bank')}`;
    expect(await found({ 'saga.ts': SAGA('./bank.js'), 'bank.ts': bank, 'real.ts': real })).toEqual(['real.ts step-requires-compensation']);
    expect(
      await found({ 'saga.ts': SAGA('./bank.js'), 'bank.d.ts': 'export declare class Bank { pay(id: string): Promise<void>; }' }),
    ).toEqual([]);
  });

  it('to steps that are constants, those of other files with the same name told from each other', async () => {
    const step = (options: string): string =>
      `import { defineStep } from '@redress/core';\nexport const pay = defineStep('pay', { ${options} }, async (id: string) => id);`;
    const saga = (from: string): string => `import { defineSaga, defineStep } from '@redress/core';
import { pay } from '${from}';
const undo = async () => { await bank.undo(); };
const book = defineStep('book', { compensate: undo }, async (id: string) => id);
export const run = defineSaga('run', { id: (id: string) => id }, async (run, id: string) => { await run.step(pay, id); await run.step(book, id); });`;
    const files = { 'pivot.ts': step("pivot: true, irreversible: 'gone'"), 'plain.ts': step("irreversible: 'gone'") };
    expect(await found({ ...files, 'saga.ts': saga('./pivot.js') })).toEqual(['saga.ts pivot-order']);
    expect(await found({ ...files, 'saga.ts': saga('./plain.js') })).toEqual([]);
  });

  it('into a package of the workspace whose sources are there', async () => {
    using project = folder({
      'app/saga.ts': SAGA('@acme/bank'),
      'bank/package.json': '{ "name": "@acme/bank", "type": "module", "exports": "./bank.ts" }',
      'bank/bank.ts': BANK,
      'tsconfig.json': config({ module: 'NodeNext', target: 'ES2022' }),
    });
    mkdirSync(join(project.root, 'app/node_modules/@acme'), { recursive: true });
    symlinkSync('../../../bank', join(project.root, 'app/node_modules/@acme/bank'));
    const { findings } = await lintProject({ root: project.root });
    expect(findings.map(({ path }) => path)).toEqual(['bank/bank.ts']);
  });
});

describe('a project', () => {
  it('is read behind a link, with paths from its root', async () => {
    using project = folder({ 'real/saga.ts': SAGA('./bank.js'), 'real/bank.ts': BANK });
    symlinkSync('real', join(project.root, 'link'));
    const { findings } = await lintProject({ root: join(project.root, 'link'), cacheFolder: join(project.root, '.cache') });
    expect(findings.map(({ path }) => path)).toEqual(['bank.ts']);
    expect((await lintProject({ root: join(project.root, 'link'), cacheFolder: join(project.root, '.cache') })).cached).toBe(1);
  });

  it('is read without its tests, declarations, packages and what is built', async () => {
    const step = "import { Step } from '@redress/decorators';\nexport class A { @Step() async x() {} }";
    const names = ['a.test.ts', 'a.spec.ts', 'dist/a.ts', 'node_modules/b/a.ts', '.hidden/a.ts', '__tests__/a.ts', 'a.fixture.ts'];
    expect(await found({ ...Object.fromEntries(names.map((name) => [name, step])), 'src/a.ts': step })).toEqual([
      'src/a.ts step-requires-compensation',
    ]);
    expect(await found({ 'a.test.ts': step }, { config: { exclude: [] } })).toHaveLength(1);
    expect(await found({ 'src/a.ts': step, 'other/a.ts': step }, { config: { include: ['other'] } })).toEqual([
      'other/a.ts step-requires-compensation',
    ]);
  });

  it('says each gap once, however many sagas lead to it', async () => {
    const other = SAGA('./bank.js').replace('Orders', 'Returns');
    expect(await found({ 'a.ts': SAGA('./bank.js'), 'b.ts': other, 'bank.ts': BANK })).toEqual(['bank.ts step-requires-compensation']);
  });

  it('that is not there, or has a broken configuration, is the fault of the caller', async () => {
    await expect(lintProject({ root: '/no/such/folder' })).rejects.toThrow('there is no such folder');
    await expect(found({ 'a.ts': '' }, { config: { tsconfig: 'none.json' } })).rejects.toThrow('none.json');
    await expect(found({ 'a.ts': '' }, { paths: ['b.ts'] })).rejects.toThrow('b.ts: there is no source to check there.');
  });
});
