import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

// What must compile, and what must not: each `@ts-expect-error` in the fixtures is one promise of the types.
const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = join(root, 'test/types/fixtures');
mkdirSync(join(root, 'test/types/.tmp'), { recursive: true });
const scratch = mkdtempSync(join(root, 'test/types/.tmp/fixtures-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const compilers = {
  'TypeScript 7': 'node_modules/@typescript/native/bin/tsc',
  'TypeScript 6': 'node_modules/typescript/bin/tsc6',
  'TypeScript 5': 'test/node_modules/typescript-5/bin/tsc',
} as const;
const all = process.env['REDRESS_ALL_COMPILERS'] === '1' || process.env['REDRESS_TESTS'] === 'full';
const chosen = (Object.keys(compilers) as (keyof typeof compilers)[]).slice(0, all ? 3 : 1);
const modes = ['legacy', 'standard'] as const;

const EXPECTED = /^\s*\/\/ @ts-expect-error /;
const names = readdirSync(fixtures).filter((name) => name.endsWith('.ts'));
const namesFor = (mode: string): string[] => names.filter((name) => !/\.(legacy|standard)\.ts$/.test(name) || name.endsWith(`.${mode}.ts`));

/** Compiles the fixtures, each text changed by `change`. Answers the complaints as `file:line code`, the details below each. */
function compile(compiler: keyof typeof compilers, mode: (typeof modes)[number], change: (text: string) => string = (text) => text) {
  const folder = mkdtempSync(join(scratch, `${mode}-`));
  for (const name of namesFor(mode)) writeFileSync(join(folder, name), change(readFileSync(join(fixtures, name), 'utf8')));
  const legacy = mode === 'legacy';
  const compilerOptions = { experimentalDecorators: legacy, emitDecoratorMetadata: legacy, rootDir: root };
  const config = { extends: join(root, 'tsconfig.check.json'), compilerOptions, include: ['*.ts'], exclude: [] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, compilers[compiler]), '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').flatMap((line) => {
    const found = /^(\S+)\((\d+),\d+\): error (TS\d+)/.exec(line);
    return found ? [`${found[1]}:${found[2]} ${found[3]}`] : [];
  });
}

describe.each(chosen)('%s', (compiler) => {
  it.each(modes)('accepts what fits and refuses what does not, with %s decorators', (mode) => {
    expect(compile(compiler, mode)).toEqual([]);
  });

  it.each(modes)('K1 refuses nothing but the line below each expected error, with %s decorators', (mode) => {
    const expected = namesFor(mode).flatMap((name) =>
      readFileSync(join(fixtures, name), 'utf8')
        .split('\n')
        .flatMap((line, i) => (EXPECTED.test(line) ? [`${name}:${i + 2}`] : [])),
    );
    const refused = compile(compiler, mode, (text) => text.replaceAll('@ts-expect-error', 'refused:')).map((one) => one.split(' ')[0]);
    expect(expected.length).toBeGreaterThan(50);
    expect(new Set(refused)).toEqual(new Set(expected));
  });

  it('says in one sentence what does not fit', () => {
    const folder = mkdtempSync(join(scratch, 'one-'));
    writeFileSync(
      join(folder, 'one.ts'),
      "import { Step } from '@redress/decorators';\nexport class A {\n  @Step()\n  sync(): number {\n    return 1;\n  }\n}\n",
    );
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.check.json'), compilerOptions: { rootDir: root }, include: ['*.ts'], exclude: [] }),
    );
    const { stdout } = spawnSync(process.execPath, [join(root, compilers[compiler]), '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stdout).toContain('The method must return a promise: make it async.');
    expect(stdout).not.toContain('No overload matches');
  });
});
