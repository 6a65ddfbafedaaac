import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const DEMO = fileURLToPath(new URL('../dist/demo.js', import.meta.url));

it('survives a kill at every possible point', { timeout: 180_000 }, () => {
  if (!existsSync(DEMO)) throw new Error('dist/demo.js is missing: run the build first.');
  const { status, stdout } = spawnSync(process.execPath, [DEMO, '--every-crash', '--json'], { encoding: 'utf8' });
  const { ok, rows } = JSON.parse(stdout) as { ok: boolean; rows: { order: string; deaths: string[]; kills: number; ok: boolean }[] };
  expect(rows.filter((row) => !row.ok)).toEqual([]);
  expect(rows.every((row) => row.kills === row.deaths.length)).toBe(true);
  const places = rows.map((row) => `${row.order}: ${row.deaths.join(', then ')}`);
  // N + 1 durable writes for three steps, each with a before and an after.
  expect(places.filter((place) => place.startsWith('ships: commit'))).toHaveLength(8);
  expect(places).toContain('refused: Payments.refund:after-effect');
  expect(ok).toBe(true);
  expect(status).toBe(0);
});
