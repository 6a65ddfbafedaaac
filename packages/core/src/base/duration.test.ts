import { describe, expect, it } from 'vitest';
import { durationMs } from './duration.js';
import type { Duration } from './duration.js';

describe('a duration', () => {
  it('is a number of milliseconds, or a text with a unit', () => {
    const all: [Duration, number][] = [
      [0, 0],
      [1.5, 1.5],
      ['250ms', 250],
      ['2s', 2_000],
      ['0.5s', 500],
      ['5m', 300_000],
      ['1h', 3_600_000],
      ['3d', 259_200_000],
    ];
    for (const [value, ms] of all) expect(durationMs(value)).toBe(ms);
  });

  it('of another form is refused, with the name of the option', () => {
    for (const bad of [-1, Number.NaN, Infinity, '2', '2 s', 's', '1w', '-1s', '', null, {}]) {
      expect(() => durationMs(bad as Duration, 'lease')).toThrow(/^lease: .* is not a duration/);
    }
  });
});
