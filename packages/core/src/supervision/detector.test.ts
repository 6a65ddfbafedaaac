import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { phiDetector } from './detector.js';

/** A detector that has heard a beat each second for so long that the assumed intervals are forgotten. */
function steady(samples = 10) {
  const detector = phiDetector({ samples });
  const last = (samples + 5) * 1_000;
  for (let at = 0; at <= last; at += 1_000) detector.beat(at);
  return { detector, last };
}

describe('the phi detector', () => {
  it('FD-01: 4 s after the last of steady beats, phi is 0.301, and the child is there', () => {
    const { detector, last } = steady();
    expect(detector.phi(last + 4_000)).toBeCloseTo(0.301, 3);
    expect(detector.available(last + 4_000)).toBe(true);
  });

  it('FD-02: 4.6 s after it, phi is above 8, and the child is taken for dead', () => {
    const { detector, last } = steady();
    expect(detector.phi(last + 4_600)).toBeGreaterThan(8);
    expect(detector.available(last + 4_600)).toBe(false);
  });

  it('passes 8 at 4523 ms, as the logistic approximation does', () => {
    const { detector, last } = steady();
    expect(detector.phi(last + 4_522)).toBeLessThan(8);
    expect(detector.phi(last + 4_524)).toBeGreaterThan(8);
  });

  it('has no suspicion before the first beat, and one that only grows after the last', () => {
    const detector = phiDetector();
    expect(detector.phi(1e9)).toBe(0);
    detector.beat(0);
    const phis = Array.from({ length: 200 }, (_, i) => detector.phi(i * 50));
    expect(phis).toEqual(phis.toSorted((a, b) => a - b));
    expect(detector.available(3_000)).toBe(true);
    expect(detector.available(30_000)).toBe(false);
  });

  it('learns how irregular a child is', () => {
    const steadyOne = phiDetector({ samples: 50 });
    const jittery = phiDetector({ samples: 50 });
    let at = 0;
    for (let i = 0; i < 100; i++) {
      steadyOne.beat(i * 1_000);
      jittery.beat((at += i % 2 ? 1_900 : 100));
    }
    expect(jittery.phi(at + 4_600)).toBeLessThan(1);
    expect(steadyOne.phi(99_000 + 4_600)).toBeGreaterThan(8);
  });

  it('does not take the silence of the dead for a habit of the living', () => {
    const { detector, last } = steady();
    detector.beat(last + 60_000);
    expect(detector.available(last + 60_000 + 4_000)).toBe(true);
    expect(detector.available(last + 60_000 + 4_600)).toBe(false);
  });

  it('refuses options that do not fit, by name', () => {
    expect(() => phiDetector({ threshold: 0, samples: 1.5 })).toThrow(ConfigurationError);
    expect(() => phiDetector({ threshold: 0 })).toThrow(/threshold/);
  });
});
