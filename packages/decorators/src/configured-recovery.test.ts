import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { Checkpointed, CircuitBreaker, Detect, Fallback, redress, Repair, Retry } from './index.js';
import type { Configuration } from './index.js';

class Rates {
  calls = 0;
  changed = 0;

  @Detect((rate: number) => rate > 0)
  @Repair({ on: 'BadResultError', with: (self: Rates) => self.mend, then: 'continue' })
  async today(): Promise<number> {
    this.calls += 1;
    return -1;
  }

  async mend(): Promise<number> {
    return 7;
  }
}

async function answer(configuration: Configuration): Promise<unknown> {
  const rates = new Rates();
  await using _app = await redress({ store: memoryStore(), instances: [rates], configuration });
  return await rates.today().catch((error: Error) => error.name);
}

describe('detectors and repairs in a configuration', () => {
  it('are switched off, and no other option of them is taken', async () => {
    expect(await answer({})).toBe(7);
    expect(await answer({ 'Repair/enabled': false })).toBe('BadResultError');
    expect(await answer({ 'Rates/today/Detect/enabled': 'false' })).toBe(-1);
    expect(await answer({ 'NonFallback/enabled': false })).toBe(-1);
    await expect(answer({ 'Repair/maxRepairs': 2 })).rejects.toThrow('"maxRepairs" cannot be configured');
  });
});

describe('a checkpointed method, with policies at its class', () => {
  @Retry({ maxRetries: 2, delay: 0 })
  class Ledger {
    lines: number[] = [];
    attempts = 0;

    @Checkpointed()
    @Fallback((self: Ledger) => self.instead)
    async add(line: number): Promise<string> {
      this.attempts = (this.attempts || 0) + 1;
      this.lines = [...this.lines, line];
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    }

    async instead(): Promise<string> {
      return `lines: ${this.lines.length}`;
    }
  }

  it('begins each attempt with the state of its beginning, and its fallback sees none of them', async () => {
    const seen: number[] = [];
    class Seen extends Ledger {
      @Checkpointed()
      @Fallback((self: Seen) => self.instead)
      override async add(line: number): Promise<string> {
        seen.push(this.lines.length);
        this.lines = [...this.lines, line];
        throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
      }
    }
    expect(await new Seen().add(1)).toBe('lines: 0');
    expect(seen).toEqual([0, 0, 0]);
    expect(await new Ledger().add(1)).toBe('lines: 0');
  });

  it('that is not async itself still counts in its breaker', async () => {
    class Odd {
      calls = 0;
      @CircuitBreaker({ requestVolumeThreshold: 1, failureRatio: 1 })
      fails(): Promise<void> {
        this.calls += 1;
        return Promise.reject(new Error('no'));
      }
    }
    const odd = new Odd();
    await expect(odd.fails()).rejects.toThrow('no');
    await expect(odd.fails()).rejects.toThrow('circuit');
    expect(odd.calls).toBe(1);
  });
});
