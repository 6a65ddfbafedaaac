import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('leaks.mjs', import.meta.url));
const MEGABYTE = 1e6;
const calls = process.env['REDRESS_TESTS'] === 'full' ? 100_000 : 10_000;

interface Growth {
  readonly heapBytes: number;
  readonly promises: number;
  readonly signals: number;
  readonly timers: number;
  readonly listeners: number;
}

it(`BH-10 ${calls} calls that end early leave no timer, listener, promise, signal or memory behind`, { timeout: 240_000 }, () => {
  const args = ['--no-warnings', '--expose-gc', script, String(calls)];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 200_000 });
  expect([stderr, status]).toEqual(['', 0]);
  const left = JSON.parse(stdout) as Record<'calls' | 'queue', Growth> & Record<'waiting' | 'metrics' | 'listeners' | 'timers', number>;
  const nothing = { promises: 0, signals: 0, timers: 0, listeners: 0, heapBytes: expect.any(Number) };
  expect(left).toMatchObject({ calls: nothing, queue: nothing, waiting: 0, listeners: 0, timers: 0 });
  // The same for any number of calls: what the machine has learned meanwhile.
  expect(left.calls.heapBytes).toBeLessThan(1.5 * MEGABYTE);
  expect(left.queue.heapBytes).toBeLessThan(MEGABYTE);
  expect(left.metrics).toBeLessThan(20);
});
