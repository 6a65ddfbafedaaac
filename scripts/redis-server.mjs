// Finds a redis-server for the tests, and fetches one where that is possible: the packages of Debian, unpacked into .services
// without being installed. Prints JSON: { command, env, version }, or { reason } why there is none.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './tools.mjs';

const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1'];
const unpacked = join(root, '.services/redis');

/** The one on PATH, else the one that was unpacked. */
function find() {
  const libraries = join(unpacked, 'usr/lib');
  const folders = existsSync(libraries) ? readdirSync(libraries).map((name) => join(libraries, name)) : [];
  const own = { command: join(unpacked, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: folders.join(':') } };
  return tried({ command: 'redis-server', env: {} }) ?? tried(own);
}

function tried({ command, env }) {
  const { status, stdout } = spawnSync(command, ['--version'], { env: { ...process.env, ...env }, encoding: 'utf8' });
  const version = /v=(\S+)/.exec(stdout ?? '')?.[1];
  return status === 0 && version !== undefined ? { command, env, version } : undefined;
}

function quiet(command, args, cwd) {
  return spawnSync(command, args, { cwd, stdio: 'ignore' }).status === 0;
}

/** Why it could not be fetched, or undefined when it could. In a folder of its own first: another process may do the same. */
function fetchServer() {
  if (!quiet('apt-get', ['--version']) || !quiet('dpkg', ['--version'])) return 'there is no apt-get to fetch one';
  const scratch = join(root, `.services/fetch-${process.pid}`);
  const [debs, into] = [join(scratch, 'deb'), join(scratch, 'redis')];
  mkdirSync(debs, { recursive: true });
  mkdirSync(into);
  try {
    const download = () => quiet('apt-get', ['download', '-qq', ...PACKAGES], debs);
    const isRoot = process.getuid?.() === 0;
    if (!download() && !(isRoot && quiet('apt-get', ['update', '-qq']) && download())) return 'apt-get could not fetch one';
    if (!readdirSync(debs).every((deb) => quiet('dpkg', ['-x', join(debs, deb), into]))) return 'the packages could not be unpacked';
    if (!existsSync(unpacked)) renameSync(into, unpacked);
    return undefined;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

let reason;
let found = find();
if (!found) {
  reason = fetchServer() ?? 'what was fetched does not start';
  found = find();
}
console.log(JSON.stringify(found ?? { reason: `there is no redis-server on PATH, and ${reason}` }));
