import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

// The compiled program is tested, as it is run.
const DEMO = fileURLToPath(new URL('../dist/demo.js', import.meta.url));
const LIMIT_MS = 120_000;

function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [DEMO, ...args], { env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

describe('the demo', () => {
  beforeAll(() => {
    if (!existsSync(DEMO)) throw new Error('dist/demo.js is missing: run the build first.');
  });

  it(
    'shows what each policy does, and that it is so',
    async () => {
      const { code, out, err } = await run();
      expect(err).toBe('');
      expect(out).not.toContain('✖');
      expect(out.match(/^✔ /gm)).toHaveLength(11);
      for (const name of [
        '@Retry',
        '@Recover',
        '@Detect @Repair',
        '@Bulkhead @Fallback',
        '@RateLimit',
        '@Hedge',
        '@Redundant',
        '@CircuitBreaker',
      ]) {
        expect(out).toContain(name);
      }
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  it(
    'answers with one JSON document on stdout, and nothing else',
    async () => {
      const { code, out } = await run('--json');
      expect(JSON.parse(out)).toMatchObject({ ok: true, acts: { length: 11 } });
      expect(code).toBe(0);
    },
    LIMIT_MS,
  );

  it('says in one sentence what is wrong', async () => {
    const { code, out, err } = await run('--kills', '3');
    expect(err).toContain('unknown option');
    expect([code, out]).toEqual([2, '']);
  });
});
