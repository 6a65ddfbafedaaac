import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Server } from '../../packages/redis/src/server.fixture.js';
import { leaveOut, MINUTE_MS, missing } from './scene.js';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('a demo with its journal on Redis', { timeout: MINUTE_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'redress-cluster-'));
  let server: Server;
  beforeAll(async () => {
    if (missing === undefined) server = await Server.start();
  });
  beforeEach((test) => leaveOut(test));
  afterAll(async () => {
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  function run(example: 'orders' | 'banking', ...args: string[]): Promise<Ran> {
    const demo = fileURLToPath(new URL(`../../examples/${example}/dist/demo.js`, import.meta.url));
    if (!existsSync(demo)) throw new Error(`${demo} is missing: run the build first.`);
    const child = spawn(process.execPath, [demo, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  }

  it('survives its kills, and takes its namespace away at the end', async () => {
    const orders = ['o-1,Ana,BR,kettle-steel,2,4590,tok_visa_1', 'o-2,Ingrid,AQ,kettle-steel,1,4590,tok_visa_2'];
    writeFileSync(join(folder, 'two.csv'), ['id,customer,country,sku,quantity,unit_cents,card', ...orders].join('\n'));
    const { code, out } = await run('orders', '--orders', 'two.csv', '--kills', '1', '--store', server.url);
    expect([code, out.match(/^✔ /gm)?.length]).toEqual([0, 7]);
    expect(await server.command('DBSIZE')).toBe(0);
  });

  it('goes on in a namespace that it was given', async () => {
    const again = ['--transfers', '40', '--workers', '2', '--kills', '0', '--json', '--store', `${server.url}?namespace=bank`];
    const first = await run('banking', ...again, '--review-rate', '0');
    const second = await run('banking', ...again, '--review-rate', '100');
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(JSON.parse(second.out)).toMatchObject({ ok: true, endings: { waiting: 0 }, waiting: [] });
    rmSync(join(folder, 'bank.world.db'));
    const third = await run('banking', ...again);
    expect(third).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/bank\.world\.db, which belongs to it, is not; give a new namespace\.\n$/),
    });
  });

  it('says in one sentence what is wrong with the server, its password left out', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const evicting = await run('orders', '--store', server.url);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    const stranger = await run('orders', '--store', server.url.replace('//', '//ann:secret@'));
    for (const { code, out, err } of [evicting, stranger]) expect([code, out, err.trimEnd().split('\n').length]).toEqual([2, '', 1]);
    expect(evicting.err).toContain('Set `maxmemory-policy noeviction`.');
    expect(stranger.err).toContain('ann:***@');
    expect(stranger.err).not.toContain('secret');
  });
});
