import { seededRandom } from '@redress/testkit';
import type { Random } from '@redress/core';

/** Chance that a seed repeats, in the words of whoever makes up a world. */
export class Chance {
  private readonly random: Random;

  constructor(private readonly seed: number) {
    this.random = seededRandom(seed);
  }

  /** What the engine and the stores are given. */
  get forEngine(): Random {
    return this.random;
  }

  /** Chance of its own for one part, so that a draw more in one place does not change all the others. */
  fork(part: number): Chance {
    return new Chance((Math.imul(this.seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(part + 1, 0xc2b2ae35)) >>> 0);
  }

  next(): number {
    return this.random.next();
  }

  is(probability: number): boolean {
    return this.random.next() < probability;
  }

  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.random.next() * (most - least + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random.next() * from.length)] as T;
  }

  /** One of the names, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.random.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
    return entries[0]?.[0] as K;
  }
}
