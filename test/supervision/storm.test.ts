import { describe, expect, it } from 'vitest';
import { missingServer } from '../../packages/redis/src/server.fixture.js';
import { Place } from './branch.js';
import { storm } from './storm.js';
import type { Act, Report } from './storm.js';

// A soak gives the seconds; an ordinary run leaves it out, see branch.test.ts.
const seconds = Number(process.env['REDRESS_SOAK_SECONDS'] ?? (process.env['REDRESS_TESTS'] === 'full' ? 30 : 0));
const seed = Number(process.env['REDRESS_SOAK_FROM'] ?? 1);
const ACTS: readonly Act[] = ['all', 'one', 'pause', 'at-start', 'two', 'all'];

describe.each(['sqlite', 'redis'] as const)('a storm over three processes on %s', (kind) => {
  it('leaves three, whatever happens to them', { timeout: seconds * 1_000 + 120_000 }, async (test) => {
    if (seconds === 0) test.skip('only with REDRESS_TESTS=full, and in a soak');
    const missing = missingServer();
    if (kind === 'redis' && missing !== undefined) test.skip(missing);
    const place = await Place.make(kind);
    try {
      const acts: readonly Act[] = kind === 'redis' ? [...ACTS, 'no-store'] : ACTS;
      const report: Report = await storm(place, { forMs: (seconds * 1_000) / 2, acts, seed });
      const { rounds, restarts, most, slowestMs } = report;
      console.log(`storm: ${rounds} rounds on ${kind}, ${restarts} restarts, ${most} at most, slowest return ${slowestMs} ms`);
      expect(report.problems, `seed ${seed}`).toEqual([]);
    } finally {
      await place.remove();
    }
  });
});
