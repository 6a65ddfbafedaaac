import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const PARENT = fileURLToPath(new URL('./parent.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'redress-redundancy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isAlive = (pid: number): boolean =>
  !['', 'Z'].includes(
    spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .stdout.toString()
      .slice(0, 1),
  );

describe('the process of a replica is gone', () => {
  it.each([
    ['idle', 'an idle one keeps its parent from nothing, and ends with it'],
    ['close', 'the replica is closed'],
    ['exit', 'its parent exits while it computes without an end'],
    ['kill', 'its parent is killed with -9'],
  ] as const)('after "%s": %s', async (how, _why) => {
    const file = join(folder, how);
    const parent = spawn(process.execPath, [PARENT, how, file], { stdio: 'ignore' });
    const ended = new Promise((resolve) => parent.once('exit', resolve));
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 20_000 }).toMatch(/^\d+$/);
    if (how === 'kill') parent.kill('SIGKILL');
    expect(await ended).toBe(how === 'kill' ? null : 0);
    await expect.poll(() => isAlive(Number(readFileSync(file, 'utf8'))), { timeout: 10_000 }).toBe(false);
  });
});
