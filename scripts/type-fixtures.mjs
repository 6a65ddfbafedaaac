// Compiles test/types/fixtures against the built packages, as an application would: with TypeScript 7, or with all compilers (--all).
// `x.legacy.ts` and `x.standard.ts` are for one kind of decorators, other files for both.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, packageFolders, root } from './tools.mjs';

const COMPILERS = {
  7: 'node_modules/@typescript/native/bin/tsc',
  6: 'node_modules/typescript/bin/tsc6',
  5: 'test/node_modules/typescript-5/bin/tsc',
};
const OPTIONS = {
  target: 'ES2022',
  module: 'NodeNext',
  lib: ['ES2023', 'ESNext.Decorators', 'ESNext.Disposable'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
};
const MODES = { legacy: { experimentalDecorators: true, emitDecoratorMetadata: true }, standard: {} };

const fixtures = join(root, 'test/types/fixtures');
const names = existsSync(fixtures) ? readdirSync(fixtures).filter((name) => name.endsWith('.ts')) : [];
if (names.length === 0) {
  console.log('type fixtures: skipped, there are none in test/types/fixtures');
  process.exit(0);
}
build(...packageFolders().map((folder) => `${folder}/tsconfig.build.json`));
// A fixture that must be refused, so that a compiler that checks nothing is noticed.
const scratch = join(root, 'test/types/.tmp');
const probe = join(scratch, 'probe.ts');
mkdirSync(scratch, { recursive: true });
writeFileSync(probe, '// @ts-expect-error nothing is wrong below\nexport const fine = 1;\n');

let bad = 0;
for (const version of process.argv.includes('--all') ? [5, 6, 7] : [7]) {
  for (const [mode, options] of Object.entries(MODES)) {
    const files = names.filter((name) => !/\.(legacy|standard)\.ts$/.test(name) || name.endsWith(`.${mode}.ts`));
    const config = join(scratch, `tsconfig.${mode}.json`);
    const compilerOptions = { ...OPTIONS, ...options, rootDir: root };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: [probe, ...files.map((name) => join(fixtures, name))] }));
    const args = [join(root, COMPILERS[version]), '-p', config, '--pretty', 'false'];
    const lines = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
    const expected = lines.findIndex((line) => line.startsWith(relative(root, probe)) && line.includes('TS2578'));
    const rest = lines.filter((_, i) => i !== expected);
    if (expected === -1) rest.unshift('the probe was not refused: this compiler checked nothing');
    console.log(`type fixtures: TypeScript ${version}, ${mode} decorators: ${files.length} files, ${rest.length === 0 ? 'ok' : 'FAILED'}`);
    for (const line of rest) console.error(`  ${line}`);
    bad += rest.length;
  }
}
process.exit(bad === 0 ? 0 : 1);
