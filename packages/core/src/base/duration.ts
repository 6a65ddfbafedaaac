import { ConfigurationError } from './errors.js';

/** Milliseconds, or a number with a unit: `'250ms'`, `'2s'`, `'5m'`, `'1h'`, `'3d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds of a duration.
 * @throws ConfigurationError when it is negative, not finite or of an unknown form; `subject` names it there.
 */
export function durationMs(value: Duration, subject = 'duration'): number {
  const ms = typeof value === 'number' ? value : parse(value);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new ConfigurationError([
    {
      subject,
      cause: `${JSON.stringify(value)} is not a duration.`,
      remedy: "Give milliseconds or a text such as '250ms', '2s', '5m', '1h' or '3d'.",
    },
  ]);
}

function parse(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  return match ? Number(match[1]) * (UNITS[match[2] as string] as number) : Number.NaN;
}
