import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folder } from './folder.fixture.js';
import { lintProject } from './project.js';
import type { LintOptions, LintResult } from './project.js';
import type { BackEnd } from './port.js';

const saga = (name: string): string => `import { Saga } from '@redress/decorators';
import { help } from './${name}-helper.js';
export class ${name} { @Saga({ id: (id: string) => id }) async place(id: string) { await help(id); } }`;
const QUIET = 'export async function help(id: string) { return id; }';
const LOUD = "export async function help(id: string) { await fetch('x', { method: 'POST', body: id }); }";

describe('the cache', () => {
  const run = (root: string, options: Partial<LintOptions> = {}): Promise<LintResult> =>
    lintProject({ root, cacheFolder: join(root, '.cache'), ...options });
  const noBackEnd: BackEnd = {
    parse: () => expect.unreachable(),
    open: () => expect.unreachable(),
  };

  it('answers without a compiler when nothing has changed, and the same', async () => {
    using project = folder({ 'one.ts': saga('one'), 'one-helper.ts': LOUD });
    const cold = await run(project.root);
    const warm = await run(project.root, { backEnd: noBackEnd });
    expect([cold.cached, warm.cached, warm.units]).toEqual([0, 1, 1]);
    expect({ ...warm, cached: 0 }).toEqual(cold);
    expect(cold.findings).toHaveLength(1);
  });

  it('looks again at what a changed file is reached from, and at nothing else', async () => {
    using project = folder({ 'one.ts': saga('one'), 'one-helper.ts': QUIET, 'two.ts': saga('two'), 'two-helper.ts': QUIET });
    expect((await run(project.root)).findings).toEqual([]);
    project.write('one-helper.ts', LOUD);
    const second = await run(project.root);
    expect([second.cached, second.findings.map(({ path }) => path)]).toEqual([1, ['one.ts']]);
    project.write('one-helper.ts', QUIET);
    expect((await run(project.root)).findings).toEqual([]);
  });

  it('looks again at all when a file is new, an implementation changes, or the configuration does', async () => {
    const using_ =
      "import { Saga } from '@redress/decorators';\nimport type { Port } from './port.js';\nexport class A { constructor(readonly port: Port) {} @Saga() async run(id: string) { await this.port.send(id); } }";
    const made = (body: string): string =>
      `import type { Port } from './port.js';\nexport class Made implements Port { async send(id: string) { ${body} } }`;
    using project = folder({ 'a.ts': using_, 'port.ts': 'export interface Port { send(id: string): Promise<void> }', 'made.ts': made('') });
    expect((await run(project.root)).findings).toEqual([]);
    project.write('made.ts', made("await fetch('x', { method: 'POST', body: id });"));
    expect((await run(project.root)).findings).toHaveLength(1);
    expect((await run(project.root, { config: { effects: { fetch: 'pure' } } })).findings).toEqual([]);
    project.write('other.ts', 'export const other = 1;');
    expect((await run(project.root)).cached).toBe(0);
  });

  it('that is broken, of another version or not to be written is no cache', async () => {
    using project = folder({ 'one.ts': saga('one'), 'one-helper.ts': LOUD });
    await run(project.root);
    const file = join(project.root, '.cache/lint.json');
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100));
    expect((await run(project.root)).cached).toBe(0);
    writeFileSync(join(project.root, 'blocked'), '');
    expect((await run(project.root, { cacheFolder: join(project.root, 'blocked/x') })).findings).toHaveLength(1);
  });
});
