/** Counts results, and says when there are too many failures among them. */
export interface Window {
  /** Whether the circuit is to be opened. */
  record(isFailure: boolean, now: number): boolean;
}

export interface WindowRules {
  readonly window: 'count' | 'time' | 'consecutive';
  readonly volume: number;
  readonly ratio: number;
  readonly samplingMs: number;
}

export function createWindow(rules: WindowRules): Window {
  if (rules.window === 'time') return new TimeWindow(rules);
  if (rules.window === 'consecutive') return new Consecutive(rules);
  return rules.volume <= 30 ? new FewCalls(rules) : new ManyCalls(rules);
}

/** How many failures are too many. 0.07 * 100 is a little more than 7. */
const limitOf = (calls: number, ratio: number): number => Math.max(1, Math.ceil(ratio * calls - 1e-9));

/** The last calls, one bit each. */
class FewCalls implements Window {
  private bits = 0;
  private calls = 0;
  private failures = 0;
  private readonly oldest: number;
  private readonly limit: number;

  constructor(private readonly rules: WindowRules) {
    this.oldest = 1 << (rules.volume - 1);
    this.limit = limitOf(rules.volume, rules.ratio);
  }

  record(isFailure: boolean): boolean {
    if (this.calls < this.rules.volume) this.calls += 1;
    else if ((this.bits & this.oldest) !== 0) this.failures -= 1;
    this.bits = ((this.bits & ~this.oldest) << 1) | (isFailure ? 1 : 0);
    if (isFailure) this.failures += 1;
    return this.failures >= this.limit && this.calls === this.rules.volume;
  }
}

/** The last calls, one byte each. */
class ManyCalls implements Window {
  private ring: Uint8Array | undefined;
  private at = 0;
  private calls = 0;
  private failures = 0;

  constructor(private readonly rules: WindowRules) {}

  record(isFailure: boolean): boolean {
    const { volume, ratio } = this.rules;
    const ring = (this.ring ??= new Uint8Array(volume));
    if (this.calls < volume) this.calls += 1;
    else this.failures -= ring[this.at] as number;
    ring[this.at] = isFailure ? 1 : 0;
    this.at = (this.at + 1) % volume;
    if (isFailure) this.failures += 1;
    return this.calls === volume && this.failures >= limitOf(volume, ratio);
  }
}

const BUCKETS = 10;

/** The calls of the last `samplingMs`, in ten parts. */
class TimeWindow implements Window {
  private readonly calls: number[] = Array.from({ length: BUCKETS }, () => 0);
  private readonly failures: number[] = Array.from({ length: BUCKETS }, () => 0);
  private bucket = -Infinity;

  constructor(private readonly rules: WindowRules) {}

  record(isFailure: boolean, now: number): boolean {
    const { volume, ratio, samplingMs } = this.rules;
    const bucket = Math.floor((now * BUCKETS) / samplingMs);
    for (let old = Math.max(this.bucket + 1, bucket - BUCKETS + 1); old <= bucket; old++) this.empty(old);
    this.bucket = Math.max(this.bucket, bucket);
    const at = bucket % BUCKETS;
    this.calls[at] = (this.calls[at] as number) + 1;
    if (isFailure) this.failures[at] = (this.failures[at] as number) + 1;
    const calls = sum(this.calls);
    return calls >= volume && sum(this.failures) >= limitOf(calls, ratio);
  }

  private empty(bucket: number): void {
    this.calls[bucket % BUCKETS] = 0;
    this.failures[bucket % BUCKETS] = 0;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Failures without a success between them. */
class Consecutive implements Window {
  private failures = 0;

  constructor(private readonly rules: WindowRules) {}

  record(isFailure: boolean): boolean {
    this.failures = isFailure ? this.failures + 1 : 0;
    return this.failures >= this.rules.volume;
  }
}
