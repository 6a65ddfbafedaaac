import { expect, it } from 'vitest';
import { RestartWindow } from './restart-window.js';

it('allows intensity restarts within the period, its end included, and forgets older ones', () => {
  const window = new RestartWindow(2, 5_000);
  expect([0, 1_000, 5_001, 5_002, 6_000, 11_003].map((at) => window.allows(at))).toEqual([true, true, true, false, false, true]);
});

it('counts a restart that is exactly one period old, as OTP does', () => {
  const window = new RestartWindow(1, 5_000);
  expect([0, 5_000].map((at) => window.allows(at))).toEqual([true, false]);
});

it('allows none at intensity 0', () => {
  expect(new RestartWindow(0, 5_000).allows(0)).toBe(false);
});
