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
    'shows the domino effect, and three ways to avoid it; draws all, answers with one JSON document, leaves nothing else behind',
    async () => {
      const folder = join(temporary, 'pictures');
      const { code, out, err } = await ended(start(['--rounds', '2', '--json', '--pictures', folder]));
      const { ok, schemes } = JSON.parse(out) as { ok: boolean; schemes: object[] };
      const same = { before: 300_00, after: 300_00 };
      expect(ok).toBe(true);
      expect(schemes).toMatchObject([
        { scheme: 'plain', line: { ann: 0, bob: 0, cleo: 0 }, goBack: 3, backToStart: 3, undone: 7, ...same },
        // What has come to ann after its checkpoint comes again.
        { scheme: 'bcs', goBack: 1, backToStart: 0, undone: 0, redelivered: 1, ...same },
        // Six rounds of all were taken, and one payment came after the last one.
        { scheme: 'round', line: { ann: 6, bob: 6, cleo: 6 }, goBack: 3, backToStart: 0, undone: 1, ...same },
        // Since its last checkpoint ann has paid bob, and was paid by cleo.
        { scheme: 'log', goBack: 0, undone: 0, redelivered: 0, again: 2, ...same },
      ]);
      expect(err).toContain('Recovery line: ann 0, bob 0, cleo 0');
      expect(err.match(/^☠ kill -9/gm)).toHaveLength(4);
      expect(err.match(/^✔ /gm)).toHaveLength(10);
      expect(err).not.toMatch(/^✖ /m);
      expect(code).toBe(0);
      expect(readdirSync(temporary)).toEqual(['pictures']);
      const files = ['plain', 'bcs', 'round', 'log'].flatMap((name) => ['svg', 'mmd', 'dot'].map((ending) => `ledger-${name}.${ending}`));
      expect(readdirSync(folder).sort()).toEqual(files.sort());
      expect(readFileSync(join(folder, 'ledger-plain.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
      // Every record of a log is as good as a checkpoint, and none is undone.
      expect(readFileSync(join(folder, 'ledger-log.svg'), 'utf8')).not.toContain('marker-end="url(#undone)"');
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
