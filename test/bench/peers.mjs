// Peers lie outside of the workspace, with lock files of their own; nobody but those who compare with them installs them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Those of sagas. */
const OURS = new URL('peers/', import.meta.url);

/** Versions by name, or `{ reason }`; `at`: the folder with their package.json. */
export function installPeers(print, at = OURS) {
  const folder = fileURLToPath(at);
  const read = (path) => JSON.parse(readFileSync(`${folder}${path}`, 'utf8'));
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) {
    print('Installing the peers (npm ci) …');
    // Without a registry that is to be known soon.
    const patience = ['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'];
    const { status, stderr } = spawnSync('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund', ...patience], { encoding: 'utf8' });
    const said = (stderr ?? 'there is no npm').split('\n').filter((line) => !line.startsWith('npm warn') && line.trim() !== '');
    if (status !== 0) return { reason: `the peers could not be installed: ${said.slice(0, 3).join(' ')}` };
  }
  const names = Object.keys(read('package.json').dependencies);
  return { versions: Object.fromEntries(names.map((name) => [name, read(`node_modules/${name}/package.json`).version])) };
}
