import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
    temporary = mkdtempSync(join(tmpdir(), 'redress-ledger-test-'));
  });
  afterEach(() => rmSync(temporary, { recursive: true, force: true }));

  function start(args: readonly string[]) {
    return spawn(process.execPath, [DEMO, ...args], { env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1', FORCE_COLOR: undefined } });
  }

  function ended(child: ReturnType<typeof start>): Promise<Ran> {
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  }

  it(
    'shows the domino effect, and that forced checkpoints avoid it; draws both, answers with one JSON document, leaves nothing else behind',
    async () => {
      const folder = join(temporary, 'pictures');
      const { code, out, err } = await ended(start(['--rounds', '2', '--json', '--pictures', folder]));
      const { ok, schemes } = JSON.parse(out) as { ok: boolean; schemes: object[] };
      expect(ok).toBe(true);
      expect(schemes).toMatchObject([
        { scheme: 'plain', line: { ann: 0, bob: 0, cleo: 0 }, backToStart: 3, before: 300_00, after: 300_00 },
        { scheme: 'bcs', backToStart: 0, before: 300_00, after: 300_00 },
      ]);
      expect(err).toContain('Recovery line: ann 0, bob 0, cleo 0');
      expect(err.match(/^☠ kill -9/gm)).toHaveLength(2);
      expect(err.match(/^✔ /gm)).toHaveLength(5);
      expect(err).not.toMatch(/^✖ /m);
      expect(code).toBe(0);
      expect(readdirSync(temporary)).toEqual(['pictures']);
      const files = ['plain', 'bcs'].flatMap((name) => ['svg', 'mmd', 'dot'].map((ending) => `ledger-${name}.${ending}`));
      expect(readdirSync(folder).sort()).toEqual(files.sort());
      expect(readFileSync(join(folder, 'ledger-plain.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
      expect(readFileSync(join(folder, 'ledger-plain.mmd'), 'utf8')).toMatch(/^flowchart LR\n/);
    },
    LIMIT_MS,
  );

  it(
    'leaves nothing behind when it is interrupted',
    async () => {
      const child = start([]);
      const end = ended(child);
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 500));
      expect((await end).code).toBe(130);
      expect(spawnSync('ps', ['-eo', 'args']).stdout.toString()).not.toContain(temporary);
      expect(readdirSync(temporary)).toEqual([]);
    },
    LIMIT_MS,
  );

  it('says in one sentence what is wrong', async () => {
    const { code, out, err } = await ended(start(['--rounds', 'many']));
    expect(err).toContain('It must be a whole number from 1 to 50.');
    expect([code, out]).toEqual([2, '']);
  });
});
