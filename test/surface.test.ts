import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packagesWithDoor, publicNames } from './surface/names.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const lists = join(root, 'test/surface');
const UPDATE = 'UPDATE_SURFACE=1 npx vitest run test/surface.test.ts';

describe('surface', () => {
  const packages = packagesWithDoor(root);
  const entryOf = (name: string): string => join(root, 'packages', name, 'src/index.ts');
  const names = publicNames(root, packages.map(entryOf));

  it.each(packages)('%s gives away the names on its list and no others', (name) => {
    const file = join(lists, `${name}.txt`);
    const now = names.get(entryOf(name)) ?? [];
    if (process.env['UPDATE_SURFACE']) writeFileSync(file, now.map((line) => `${line}\n`).join(''));
    const { added, gone } = difference(read(file), now);
    const message = `The public names of @redress/${name} are not those in test/surface/${name}.txt. If that is meant: ${UPDATE}`;
    expect({ added, gone }, message).toEqual({ added: [], gone: [] });
  });

  it('has no list without a package', () => {
    const listed = readdirSync(lists).filter((file) => file.endsWith('.txt'));
    expect(listed.filter((file) => !packages.includes(file.slice(0, -4)))).toEqual([]);
  });
});

describe('the reader of names', () => {
  it('lists values and types with their kinds, through re-exports', () => {
    const folder = mkdtempSync(join(tmpdir(), 'redress-surface-'));
    try {
      const entry = join(folder, 'index.ts');
      writeFileSync(
        join(folder, 'a.ts'),
        'export class A {} export interface B {} export function c() {} export type D = 1; export const e = 1;',
      );
      writeFileSync(
        entry,
        "export * from './a.js'; export { A as Z } from './a.js'; export type { A as Y } from './a.js'; export { z } from 'zod';",
      );
      expect(publicNames(root, [entry]).get(entry)).toEqual([
        ...['class A', 'interface B', 'type D', 'type-only class Y', 'class Z', 'function c', 'const e', 'foreign z'],
      ]);
      expect(difference(['class A', 'type D'], ['class A', 'function c'])).toEqual({ added: ['function c'], gone: ['type D'] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function read(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

function difference(before: readonly string[], now: readonly string[]): { added: readonly string[]; gone: readonly string[] } {
  return { added: now.filter((line) => !before.includes(line)), gone: before.filter((line) => !now.includes(line)) };
}
