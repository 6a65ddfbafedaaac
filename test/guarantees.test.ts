import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutations } from './mutations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the table of guarantees', () => {
  const text = read('ARCHITECTURE.md');

  it.each(mutations.map((one) => [one.id, one] as const))('names %s with its guard and its tests, and the guard stands once', (_, one) => {
    const { id, guarantee, tests, also = [] } = one;
    const row = text.split('\n').find((line) => line.includes(`| ${guarantee} |`));
    expect(row).toContain(`\`${id}\``);
    expect(row).toContain(tests.replace('packages/', ''));
    for (const place of [one, ...also]) expect(read(place.file).split(place.from)).toHaveLength(2);
  });
});
