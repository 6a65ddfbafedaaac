import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs `command` in the repository's root with its own output, and answers its exit code. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  if (result.error) console.error(result.error.message);
  return result.status ?? 1;
}

/** Compiles projects and what they refer to, silently unless something is wrong. Half a second when nothing has changed. */
export function build(...projects) {
  const compiler = join(root, 'node_modules/@typescript/native/bin/tsc');
  const status = run(process.execPath, [compiler, '-b', ...projects]);
  if (status !== 0) process.exit(status);
}

/** Folders of the packages that have a door. */
export function packageFolders() {
  const names = readdirSync(join(root, 'packages'));
  return names.map((name) => `packages/${name}`).filter((folder) => existsSync(join(root, folder, 'src/index.ts')));
}

/** The value after `--name`, or what stands in for it. @throws when the flag stands there without a value. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  if (at === -1) return otherwise;
  const value = process.argv[at + 1];
  if (value === undefined || value.startsWith('--')) throw new Error(`--${name} needs a value.`);
  return value;
}
