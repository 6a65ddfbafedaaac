import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { countingStore } from './support.js';

const work = defineStep('work', { readOnly: true }, async (k: number) => k * 2);
const many = defineSaga('many', { id: (id: string, _n: number) => id }, async (run, _id, n) => {
  let sum = 0;
  for (let i = 1; i <= n; i++) sum += await run.step(work, i);
  return sum;
});

describe('commits of a run', () => {
  for (const n of [0, 1, 3, 10]) {
    it(`are N + 1 for N = ${n} sequential steps`, async () => {
      const { store, commits } = countingStore(memoryStore());
      await using runtime = createRuntime({ store, sagas: [many], steps: [work], worker: false });
      expect(await runtime.run(many, ['a', n])).toBe(n * (n + 1));
      expect(commits.length).toBe(n + 1);
    });
  }
});
