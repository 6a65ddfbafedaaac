import { randomBytes } from 'node:crypto';

/** Chance as the engine sees it. A test hands in a seeded one. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A word that nobody has used before: 22 characters, 128 bits, letters, digits, `-` and `_`. */
  word(): string;
}

/** Chance from the operating system, drawn in blocks: a word costs well under a microsecond. */
export function systemRandom(): Random {
  let pool = Buffer.alloc(0);
  let used = 0;
  return {
    next: () => Math.random(),
    word() {
      if (used + 16 > pool.length) {
        pool = randomBytes(4096);
        used = 0;
      }
      used += 16;
      return pool.toString('base64url', used - 16, used);
    },
  };
}
