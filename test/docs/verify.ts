import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { place, root, scratch } from './files.js';
import type { Extracted } from './files.js';

const RUN_LIMIT_MS = 60_000;
const TYPESCRIPT = join(root, 'node_modules/@typescript/native/bin/tsc');

/** Compiles the packages, which the blocks import as a reader would. Half a second when nothing has changed. @throws with the compiler's words. */
export function buildPackages(): void {
  const configs = readdirSync(join(root, 'packages'))
    .filter((name) => existsSync(join(root, 'packages', name, 'src/index.ts')))
    .map((name) => `packages/${name}/tsconfig.build.json`);
  const { status, stdout } = spawnSync(process.execPath, [TYPESCRIPT, '-b', ...configs, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The packages do not compile:\n${stdout}`);
}

/** The compiler's complaints about the programs of one name, by document and line. All are compiled at once. */
export function typeProblems(name: string, extracted: readonly Extracted[]): readonly string[] {
  if (extracted.length === 0) return [];
  const config = join(scratch, name, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        ...{ composite: false, incremental: false, declaration: false, declarationMap: false, sourceMap: false, noEmit: true },
        ...{ customConditions: ['mono-source'], moduleDetection: 'force', rootDir: root },
      },
      references: [],
      files: extracted.map(({ source }) => source),
    }),
  );
  const { stdout } = spawnSync(process.execPath, [TYPESCRIPT, '-p', config, '--pretty', 'false'], { cwd: root, encoding: 'utf8' });
  return place(name, stdout).split('\n').filter(Boolean);
}

/** Runs one program in a process and a folder of its own, against the built packages. Answers what went wrong, if anything. */
export async function runProblem(name: string, { program, script, folder }: Extracted): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--enable-source-maps', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text.out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text.error += chunk));
  const at = `${program.document}:${program.line}`;
  const end = await new Promise<string>((resolve) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(`did not end within ${RUN_LIMIT_MS / 1000} s: close what it opens`);
    }, RUN_LIMIT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      resolve(code === 0 ? '' : `ended with ${signal ?? code}`);
    });
  });
  if (end !== '') return `${at} ${end}.\n${place(name, text.error + text.out)}`;
  if (program.output && text.out.trim() !== program.output.text.trim()) {
    return `${program.document}:${program.output.line} shows another output than the block at line ${program.line} prints:\n${text.out}`;
  }
  return undefined;
}

/** Runs the programs that are tests under vitest, all at once. */
export function testProblem(name: string, tests: readonly Extracted[]): string | undefined {
  if (tests.length === 0) return undefined;
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [
    vitest,
    'run',
    '--config',
    join(root, 'test/docs/vitest.config.ts'),
    '--reporter',
    'verbose',
    ...tests.map(({ source }) => source),
  ];
  // The variables by which the runner knows its workers must not reach a runner of its own.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('VITEST')));
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: { ...env, NO_COLOR: '1' } });
  return status === 0 ? undefined : place(name, stdout + stderr);
}
