import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookAtStore } from './doctor/journal.js';
import { lookAtNode } from './doctor/project.js';
import { openDesk, openShop } from './world.fixture.js';
import type { Desk } from './world.fixture.js';

describe('doctor and init', () => {
  let desk: Desk;
  beforeEach(() => (desk = openDesk()));
  afterEach(() => desk[Symbol.dispose]());
  const put = (file: string, text: string | object): void => {
    mkdirSync(dirname(join(desk.folder, file)), { recursive: true });
    writeFileSync(join(desk.folder, file), typeof text === 'string' ? text : JSON.stringify(text));
  };
  const installed = (name: string, version: string, place = 'node_modules'): void =>
    put(`${place}/${name}/package.json`, { name, version, main: 'index.js' });
  const findings = async (line = 'doctor --json'): Promise<string[]> => {
    const { out } = await desk.tell(line, { env: {} });
    return out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Record<string, string>)
      .map(({ level, about, says }) => `${level} ${about}: ${says}`);
  };

  it('calls a Node that is too old a problem', () => {
    expect(lookAtNode('v20.18.9').level).toBe('problem');
    expect(lookAtNode('v20.19.0').level).toBe('ok');
    expect(lookAtNode('v26.1.0').level).toBe('ok');
  });

  it('finds flags that tsyringe needs, also where they are inherited', async () => {
    put('package.json', { dependencies: { tsyringe: '4' } });
    put('tsconfig.json', '{ // a comment\n "extends": "./base.json" }');
    put('base.json', { compilerOptions: { experimentalDecorators: true } });
    expect(await findings()).toEqual([
      expect.stringContaining('ok node'),
      expect.stringMatching(/^warning tsconfig: .*emitDecoratorMetadata/),
      expect.stringMatching(/^problem reflect-metadata/),
    ]);
    put('base.json', { compilerOptions: { experimentalDecorators: true, emitDecoratorMetadata: true } });
    installed('reflect-metadata', '0.2.2');
    expect((await findings()).join('\n')).not.toMatch(/problem|warning/);
  });

  it('knows runners that lose the types of constructors, and copies of one package', async () => {
    put('package.json', { dependencies: { tsyringe: '4', '@redress/sqlite': '1' }, devDependencies: { vitest: '4', tsx: '4' } });
    installed('vitest', '4.1.12');
    installed('vite', '7.0.0');
    installed('@redress/core', '1.0.0');
    installed('@redress/sqlite', '1.1.0');
    installed('@redress/core', '1.1.0', 'node_modules/@redress/sqlite/node_modules');
    const found = (await findings()).join('\n');
    expect(found).toMatch(/warning tsx: /);
    expect(found).toMatch(/warning vitest: on vite 7\.0\.0/);
    expect(found).toMatch(/problem @redress\/core: 2 copies are installed: 1\.0\.0 in .*; 1\.1\.0 in /);
    installed('vite', '8.0.0');
    expect((await findings()).join('\n')).not.toContain('warning vitest');
  });

  it('looks at the store: stuck runs, clock, places that are none', async () => {
    put('package.json', {});
    const shop = openShop(desk.file);
    await shop.order('o-1');
    await shop.close();
    const { code, out, err } = await desk.tell('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/! sqlite:.*: 1 runs are stuck\.\n {4}redress list --status stuck/);
    expect(err).toBe('0 problems, 1 warnings\n');
    const late = await lookAtStore(`sqlite:${desk.file}`, desk.folder, undefined, () => Date.now() - 3_600_000);
    expect(late.map(({ says }) => says)).toContainEqual(expect.stringMatching(/^its clock is (1h|59m) ahead of/));
    const gone = await desk.tell('doctor --store redis://127.0.0.1:1');
    expect(gone.code).toBe(1);
    expect(gone.out).toContain('✘ redis://127.0.0.1:1: redis://127.0.0.1:1 does not answer');
    const fresh = await desk.tell('doctor --store sqlite:gone.db');
    expect(fresh).toMatchObject({ code: 0, out: expect.stringContaining('! sqlite:gone.db: there is no such file yet.') as string });
    expect(existsSync(join(desk.folder, 'gone.db'))).toBe(false);
  });

  it('shows what init would change, keeps comments, and changes it once', async () => {
    put('package.json', '{\n    "name": "shop",\n    "dependencies": { "tsyringe": "4" }\n}\n');
    put('tsconfig.json', '{\n    // ours\n    "compilerOptions": { "strict": true }\n}\n');
    const shown = await desk.tell('init --dry-run');
    expect(shown.out).toContain('+        "emitDecoratorMetadata": true');
    expect(shown.out).toContain('+export default defineConfig({');
    expect(existsSync(join(desk.folder, 'redress.config.ts'))).toBe(false);
    expect((await desk.tell('init')).err).toContain('There is nobody to ask');
    expect((await desk.tell('init', { answer: 'n' })).code).toBe(2);
    expect((await desk.tell('init -y')).code).toBe(0);
    expect(readFileSync(join(desk.folder, 'tsconfig.json'), 'utf8')).toContain('// ours');
    const manifest = JSON.parse(readFileSync(join(desk.folder, 'package.json'), 'utf8')) as Record<string, object>;
    expect(Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] })).toEqual([
      'tsyringe',
      '@redress/core',
      '@redress/decorators',
      '@redress/sqlite',
      '@redress/cli',
    ]);
    expect(await desk.tell('init -y')).toEqual({ code: 0, out: '', err: 'Nothing is missing.\n' });
  });

  it('does not begin where there is no app, and knows two stores', async () => {
    expect((await desk.tell('init -y')).err).toContain('There is no package.json');
    put('package.json', '{ broken');
    expect((await desk.tell('init -y')).err).toContain('is no JSON');
    put('package.json', {});
    expect((await desk.tell('init --store mongo -y')).err).toContain('there are sqlite, redis');
    expect((await desk.tell('init --store redis --dry-run')).out).toContain('redis://127.0.0.1:6379');
  });
});
