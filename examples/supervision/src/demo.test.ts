import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// Processes are started and killed here, so the compiled program is tested, not its source.
const DEMO = fileURLToPath(new URL('../dist/demo.js', import.meta.url));
const LIMIT_MS = 120_000;

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the demo', () => {
  let temporary: string;
  beforeEach(() => {
    if (!existsSync(DEMO)) throw new Error('dist/demo.js is missing: run the build first.');
    temporary = mkdtempSync(join(tmpdir(), 'redress-supervision-test-'));
  });
  afterEach(() => rmSync(temporary, { recursive: true, force: true }));

  function start(args: readonly string[], env: NodeJS.ProcessEnv = { NO_COLOR: '1', FORCE_COLOR: undefined }) {
    return spawn(process.execPath, [DEMO, ...args], { env: { ...process.env, TMPDIR: temporary, ...env } });
  }

  function ended(child: ReturnType<typeof start>): Promise<Ran> {
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  }

  it(
    'keeps three alive, refuses the zombie, gives up on the crash loop, and leaves nothing behind',
    async () => {
      const { code, out, err } = await ended(start(['--kills', '3']));
      expect(err).toBe('');
      expect(out.match(/^☠ kill -9/gm)).toHaveLength(3);
      expect(out.match(/^↺ teller/gm)).toHaveLength(3);
      expect(out.match(/^✔ /gm)).toHaveLength(9);
      expect(out).not.toMatch(/^✖ (?!The supervisor)/m);
      expect(out).not.toContain('\u001b');
      expect(readdirSync(temporary)).toEqual([]);
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'answers with one JSON document on stdout, and nothing else',
    async () => {
      const { code, out } = await ended(start(['--kills', '1', '--json']));
      expect(JSON.parse(out)).toMatchObject({ ok: true, kills: 1, restarts: 1, mostAlive: 3, zombieRefused: true, crashLoopStarts: 4 });
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'leaves nothing behind when it is interrupted',
    async () => {
      const child = start([]);
      const end = ended(child);
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        if (out.includes('kill -9, number 1')) child.kill('SIGINT');
      });
      expect((await end).code).toBe(130);
      // Each teller has the store in its arguments.
      expect(spawnSync('ps', ['-eo', 'args']).stdout.toString()).not.toContain(temporary);
      expect(readdirSync(temporary)).toEqual([]);
    },
    LIMIT_MS,
  );

  it('says in one sentence what is wrong', async () => {
    const { code, out, err } = await ended(start(['--kills', 'many']));
    expect(err).toContain('It must be a whole number from 0 to 100.');
    expect([code, out]).toEqual([2, '']);
  });
});
