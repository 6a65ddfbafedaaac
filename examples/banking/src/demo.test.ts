import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from './world/database.js';

// Processes are forked and killed here, so the compiled program is tested, not its source.
const DEMO = fileURLToPath(new URL('../dist/demo.js', import.meta.url));
const SMALL = fileURLToPath(new URL('../data/transfers.csv', import.meta.url));
const HEADER = 'id,from,to,bank,cents';
const WITHIN = 't-1,acc-001,acc-002,,5000';
const ABROAD = 't-2,acc-001,ext-1,NORDBANK,7000';
const LARGE = 't-3,acc-001,ext-2,SUDBANK,1500000';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the demo', { timeout: 60_000 }, () => {
  let folder: string;
  let temporary: string;

  beforeEach(() => {
    if (!existsSync(DEMO)) throw new Error('dist/demo.js is missing: run the build first.');
    folder = mkdtempSync(join(tmpdir(), 'redress-banking-test-'));
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    writeFileSync(join(folder, 'three.csv'), [HEADER, WITHIN, ABROAD, LARGE].join('\n'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return spawn(process.execPath, [DEMO, ...args], {
      cwd: folder,
      // Newer versions of Node warn when both are there.
      env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1', FORCE_COLOR: undefined, ...env },
    });
  }

  function run(...args: string[]): Promise<Ran> {
    return ended(start(args));
  }

  function ended(child: ReturnType<typeof start>): Promise<Ran> {
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  }

  it('survives the kills of several workers and loses nothing', async () => {
    const { code, out, err } = await run('--transfers', '150', '--workers', '3', '--kills', '4', '--seed', '3');
    expect(err).toBe('');
    expect(out).toMatch(/kills survived\s+│\s+4 /);
    expect(out.match(/^✔ /gm)).toHaveLength(10);
    expect(out).not.toContain('\u001b');
    expect(code).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('makes the transfers of a file', async () => {
    const { code, out } = await run(
      '--file',
      SMALL,
      '--accounts',
      '20',
      '--workers',
      '2',
      '--kills',
      '1',
      '--review-rate',
      '100',
      '--json',
    );
    expect(JSON.parse(out)).toMatchObject({ ok: true, transfers: 60, killsSurvived: 1, waiting: [], endings: { waiting: 0, stuck: 0 } });
    expect(code).toBe(0);
  });

  it('tells how the answer of the clearing house was cut off, and found out', async () => {
    writeFileSync(join(folder, 'one.csv'), [HEADER, ABROAD].join('\n'));
    const { code, out } = await run('--file', 'one.csv', '--workers', '2', '--kills', '1');
    expect(out).toMatch(
      /▶ t-2 at worker 1\s+✔ Limits.reserve\s+✔ Accounts.debit\s+✔ Fees.charge\s+☠ worker 1 killed before Clearing.submit answered/,
    );
    expect(out).toMatch(/↺ t-2 resumed by worker \d +3 steps answered from the journal\s+✔ Clearing.submit\s+✔ Trail.record\s+COMPLETED/);
    expect(code).toBe(0);
  });

  it('lets a large transfer wait, lists it, and goes on with it when somebody looks', async () => {
    const store = ['--store', 'sqlite:bank.db', '--file', 'three.csv', '--workers', '2', '--kills', '0'];
    const first = await run(...store, '--review-rate', '0');
    expect(first.out).toContain('waiting for a review: t-3 (15000.00 EUR)');
    expect(first.out).toMatch(/waiting for a review\s+│\s+1 /);
    expect(first.code).toBe(0);
    const second = await run(...store, '--review-rate', '100');
    expect(second.out).toMatch(/waiting for a review\s+│\s+0 /);
    expect(second.out).toMatch(/↺ t-3 resumed by worker \d +4 steps answered from the journal\s+✔ review/);
    expect(second.code).toBe(0);
  });

  it('lays out its lines for a narrow screen', async () => {
    const { out } = await ended(start(['--file', 'three.csv', '--workers', '1', '--kills', '0'], { COLUMNS: '60' }));
    const tooLong = out.split('\n').filter((line) => line.length > 60);
    expect(tooLong).toEqual([]);
  });

  it('refuses a transfer that the store holds with other content, and a store of another bank', async () => {
    const store = ['--store', 'sqlite:bank.db', '--workers', '1', '--kills', '0'];
    await run(...store, '--file', 'three.csv');
    writeFileSync(join(folder, 'other.csv'), [HEADER, WITHIN.replace('5000', '5001')].join('\n'));
    const other = await run(...store, '--file', 'other.csv');
    expect(other.err).toBe('Transfer t-1 is in the journal already, with other content: give it a new id, or use another store.\n');
    expect(other.code).toBe(2);
    const seed = await run(...store, '--file', 'three.csv', '--seed', '8');
    expect(seed.err).toBe(
      'The store has another account acc-001: give the --accounts and the --seed that it was made with, or a new file.\n',
    );
    expect(seed.code).toBe(2);
  });

  it('finds a lost cent, names it and keeps the files', async () => {
    const store = ['--store', 'sqlite:bank.db', '--file', 'three.csv', '--workers', '1', '--kills', '0'];
    await run(...store);
    const sql = openDatabase(join(folder, 'bank.world.db'));
    sql.exec(`UPDATE accounts SET balance = balance - 1 WHERE number = 'acc-009'`);
    sql.close();
    const { code, out } = await run(...store);
    expect(out).toContain('✖ the total is conserved');
    expect(out).toContain('acc-009 holds');
    expect(out).toContain('Journal and world are kept: ');
    expect(code).toBe(1);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const child = start([]);
    const end = ended(child);
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 1200));
    expect((await end).code).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });

  describe('says in one sentence what is wrong, and writes nothing', () => {
    it.each([
      [['--bogus'], "unknown option '--bogus' (see --help)"],
      [['--file', 'none.csv'], '--file none.csv: there is no such file.'],
      [['--file', 'text.db'], `text.db is no transfers file: its first line must be "${HEADER}".`],
      [['--file', 'three.csv', '--transfers', '5'], 'leave --transfers out'],
      [['--store', 'memory'], 'write sqlite:<file> or redis://<host>:<port>.'],
      [['--store', 'redis:/x'], 'write redis://<host>:<port>, or redis-cluster://<host>:<port>,<host>:<port>.'],
      [['--store', 'redis://127.0.0.1:1'], 'no Redis server answers there; start one, or give another address.'],
      [['--store', 'redis-cluster://127.0.0.1:1'], 'no Redis Cluster answers there; start one, or give another address.'],
      [['--store', 'sqlite:text.db'], 'is no SQLite database; it was left as it is.'],
      [['--store', 'sqlite:nowhere/x.db'], 'there is no folder'],
      [['--workers', '0'], 'It must be a whole number from 1 to 16.'],
      [['--review-rate', '101'], 'It must be a whole number from 0 to 100.'],
    ])('%j', async (args, sentence) => {
      writeFileSync(join(folder, 'text.db'), 'dear diary');
      const before = readdirSync(folder);
      const { code, out, err } = await run(...args);
      expect(err).toContain(sentence);
      expect(err.trimEnd().split('\n')).toHaveLength(1);
      expect(out).toBe('');
      expect(code).toBe(2);
      expect(readdirSync(folder)).toEqual(before);
      expect(readdirSync(temporary)).toEqual([]);
      expect(readFileSync(join(folder, 'text.db'), 'utf8')).toBe('dear diary');
    });
  });
});
