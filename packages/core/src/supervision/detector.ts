import { z } from 'zod';
import { checkOptions } from '../base/options.js';

export interface PhiOptions {
  /** The value of phi above which a child is taken for dead. 8: about one false alarm in 10^8. Default: 8. */
  readonly threshold?: number;
  /** How often the child beats; taken for true until it has been measured, in milliseconds. Default: 1000. */
  readonly heartbeatMs?: number;
  /** The deviation is never taken for smaller, in milliseconds. Default: 100. */
  readonly minStdDevMs?: number;
  /** A pause that is nothing to worry about: of a garbage collection, of a busy machine. Default: 3000 ms. */
  readonly pauseMs?: number;
  /** Intervals that are remembered. Default: 1000. */
  readonly samples?: number;
}

const positive = z.number().positive();
export const phiOptions = z.strictObject({
  threshold: positive.optional(),
  heartbeatMs: positive.optional(),
  minStdDevMs: positive.optional(),
  pauseMs: z.number().min(0).optional(),
  samples: z.number().int().min(1).optional(),
});

/** Suspicion as a number that grows with the silence. Moments are monotonic milliseconds. */
export interface PhiDetector {
  beat(at: number): void;
  /** 0 before the first beat. */
  phi(at: number): number;
  available(at: number): boolean;
}

/**
 * The phi accrual failure detector: Hayashibara, Défago, Yared, Katayama, "The φ Accrual Failure Detector", SRDS 2004; with
 * the formula of Akka's `PhiAccrualFailureDetector`: phi = -log10(1 - F(t)), F being normal over the intervals seen, in the
 * logistic approximation of its distribution function, with the mean moved by `pauseMs` and a floor under the deviation.
 * As there, two intervals around `heartbeatMs` stand for the history at first, and the interval that ends a silence for
 * which the child was taken for dead is no part of it.
 * @throws ConfigurationError when an option does not fit.
 */
export function phiDetector(options: PhiOptions = {}): PhiDetector {
  checkOptions('phi', phiOptions, options);
  const { threshold = 8, heartbeatMs = 1_000, minStdDevMs = 100, pauseMs = 3_000, samples = 1_000 } = options;
  const intervals: number[] = [];
  let sum = 0;
  let squares = 0;
  let last: number | undefined;
  const add = (interval: number): void => {
    intervals.push(interval);
    sum += interval;
    squares += interval * interval;
    if (intervals.length <= samples) return;
    const old = intervals.shift() as number;
    sum -= old;
    squares -= old * old;
  };
  const phi = (at: number): number => {
    if (last === undefined) return 0;
    const mean = sum / intervals.length;
    const deviation = Math.sqrt(Math.max(squares / intervals.length - mean * mean, 0));
    return phiOf(at - last, mean + pauseMs, Math.max(deviation, minStdDevMs));
  };
  return {
    phi,
    available: (at) => phi(at) < threshold,
    beat(at) {
      if (last === undefined) {
        add(heartbeatMs * 0.75);
        add(heartbeatMs * 1.25);
      } else if (phi(at) < threshold) add(at - last);
      last = at;
    },
  };
}

function phiOf(silenceMs: number, mean: number, deviation: number): number {
  const y = (silenceMs - mean) / deviation;
  const e = Math.exp(-y * (1.5976 + 0.070566 * y * y));
  return silenceMs > mean ? -Math.log10(e / (1 + e)) : -Math.log10(1 - 1 / (1 + e));
}
