import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from './world/database.js';

// Processes are forked and killed here, so the compiled program is tested, not its source.
const DEMO = fileURLToPath(new URL('../dist/demo.js', import.meta.url));
const HEADER = 'id,customer,country,sku,quantity,unit_cents,card';
const SHIPS = 'o-1,Ana,BR,kettle-steel,2,4590,tok_visa_1';
const REFUSED = 'o-2,Ingrid,AQ,kettle-steel,1,4590,tok_visa_2';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('the demo', () => {
  let folder: string;
  let temporary: string;

  beforeEach(() => {
    if (!existsSync(DEMO)) throw new Error('dist/demo.js is missing: run the build first.');
    folder = mkdtempSync(join(tmpdir(), 'redress-orders-test-'));
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    writeFileSync(join(folder, 'two.csv'), [HEADER, SHIPS, REFUSED].join('\n'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function start(args: readonly string[]) {
    return spawn(process.execPath, [DEMO, ...args], {
      cwd: folder,
      // Newer versions of Node warn when both are there.
      env: { ...process.env, TMPDIR: temporary, NO_COLOR: '1', FORCE_COLOR: undefined },
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

  it('survives its kills and loses nothing', async () => {
    const { code, out, err } = await run('--orders', 'two.csv', '--kills', '2');
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/shipped\s+│\s+1 /);
    expect(out).toMatch(/undone\s+│\s+1 /);
    expect(out).toMatch(/kills survived\s+│\s+2 /);
    expect(out.match(/^✔ /gm)).toHaveLength(7);
    expect(out).not.toContain('\u001b');
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('tells how an order was killed and resumed', async () => {
    writeFileSync(join(folder, 'one.csv'), [HEADER, SHIPS].join('\n'));
    const { out } = await run('--orders', 'one.csv', '--kill-at', 'Shipping.ship:before-effect');
    expect(out).toMatch(/▶ PlaceOrder o-1 +✔ Stock.reserve +✔ Payments.charge\s+☠ process killed before Shipping.ship answered/);
    expect(out).toMatch(/↺ o-1 resumed +2 steps answered from the journal +✔ Shipping.ship +COMPLETED/);
  });

  it('answers with one JSON document on stdout, and nothing else', async () => {
    const { code, out } = await run('--orders', 'two.csv', '--kills', '1', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ok: true, orders: 2, endings: { shipped: 1, undone: 1 }, killsSurvived: 1, seed: 7 });
  });

  it.each(['Payments.charge:after-effect', 'Payments.charge:after-record', 'Payments.refund:before-effect', 'Shipping.ship:after-effect'])(
    'dies once at %s and comes through',
    async (point) => {
      const { code, out } = await run('--orders', 'two.csv', '--kill-at', point);
      expect(out).toMatch(/kills survived\s+│\s+1 /);
      expect(code).toBe(0);
    },
  );

  it('says so when nothing came by the place where it should have died', async () => {
    writeFileSync(join(folder, 'one.csv'), [HEADER, SHIPS].join('\n'));
    const { code, out } = await run('--orders', 'one.csv', '--kill-at', 'Payments.refund:after-effect');
    expect(out).toContain('no order came by Payments.refund:after-effect, so nothing was killed');
    expect(code).toBe(1);
  });

  it('undoes every order when a step refuses every order', async () => {
    const { code, out } = await run('--orders', 'two.csv', '--kills', '0', '--fail', 'Shipping.ship');
    expect(out).toMatch(/shipped\s+│\s+0 /);
    expect(out).toMatch(/undone\s+│\s+2 /);
    expect(code).toBe(0);
  });

  it('works in memory, in one process', async () => {
    const { code, out } = await run('--orders', 'two.csv', '--store', 'memory');
    expect(out).toContain('in memory: one process, no kills');
    expect(code).toBe(0);
  });

  it('takes the same file again for the same orders', async () => {
    await run('--orders', 'two.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    const { code, out } = await run('--orders', 'two.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    expect(out).toMatch(/shipped\s+│\s+1 /);
    expect(out).toMatch(/asked twice, absorbed by a key\s+│\s+\d+ /);
    expect(code).toBe(0);
  });

  it('refuses an order that the store holds with other content, before anything is placed', async () => {
    await run('--orders', 'two.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    writeFileSync(join(folder, 'other.csv'), [HEADER, 'o-9,Ana,BR,kettle-steel,1,4590,tok_visa_1', SHIPS.replace(',2,', ',3,')].join('\n'));
    const { code, err } = await run('--orders', 'other.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    expect(err).toBe('Order o-1 is in the journal already, with other content: give it a new id, or use another store.\n');
    expect(code).toBe(2);
    const again = await run('--orders', 'two.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    expect(again.code).toBe(0);
  });

  it('finds a lost unit, names it and keeps the files', async () => {
    await run('--orders', 'two.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    const sql = openDatabase(join(folder, 'shop.world.db'));
    sql.exec(`UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 'mug-stoneware'`);
    sql.close();
    const { code, out } = await run('--orders', 'two.csv', '--kills', '0', '--store', 'sqlite:shop.db');
    expect(out).toContain('✖ stock is conserved\n    mug-stoneware: 80 at first, but now 79 on hand + 0 held + 0 shipped');
    expect(code).toBe(1);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const child = start([]);
    const end = ended(child);
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGINT'), 700));
    expect((await end).code).toBe(130);
    expect(readdirSync(temporary)).toEqual([]);
  });

  describe('says in one sentence what is wrong, and writes nothing', () => {
    it.each([
      [['--bogus'], "unknown option '--bogus' (see --help)"],
      [['--orders', 'none.csv'], '--orders none.csv: there is no such file.'],
      [['--orders', 'text.db'], `text.db is no orders file: its first line must be "${HEADER}".`],
      [
        ['--kill-at', 'Payments.refund:sometime'],
        'write Payments.refund:before-effect, Payments.refund:after-effect or Payments.refund:after-record.',
      ],
      [
        ['--kill-at', 'Payments.pay:before-effect'],
        'there is no "Payments.pay"; choose from Stock.reserve, Payments.charge, Shipping.ship, ',
      ],
      [['--fail', 'Payments.refund'], 'there is no such step; choose from Stock.reserve, Payments.charge, Shipping.ship.'],
      [['--store', 'sqlite:text.db'], 'is no SQLite database; it was left as it is.'],
      [['--store', 'sqlite:nowhere/x.db'], 'there is no folder'],
      [['--store', 'redis://127.0.0.1:1'], 'no Redis server answers there; start one, or give another address.'],
      [['--store', 'redis://127.0.0.1:6379?name=shop'], '?name is not known; ?namespace=<name> is.'],
      [['--store', 'memory', '--kills', '1'], 'leave --kills out'],
      [['--every-crash', '--kills', '1'], 'leave --kills out'],
      [['--kills', 'many'], 'It must be a whole number from 0 to 50.'],
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
