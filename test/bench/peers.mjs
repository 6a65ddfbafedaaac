// The peers lie outside of the workspace, with a lock file of their own; nobody but this bench installs them.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('peers/', import.meta.url));
const read = (path) => JSON.parse(readFileSync(`${folder}${path}`, 'utf8'));

/** Versions by name, or `{ reason }`. */
export function installPeers(print) {
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) {
    print('Installing the peers (npm ci) …');
    const { status, stderr } = spawnSync('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund'], { encoding: 'utf8' });
    const said = (stderr ?? 'there is no npm').split('\n').filter((line) => !line.startsWith('npm warn') && line.trim() !== '');
    if (status !== 0) return { reason: `the peers could not be installed: ${said.slice(0, 3).join(' ')}` };
  }
  const names = Object.keys(read('package.json').dependencies);
  return { versions: Object.fromEntries(names.map((name) => [name, read(`node_modules/${name}/package.json`).version])) };
}
