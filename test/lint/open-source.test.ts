import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintProject } from '@redress/lint';
import { afterAll, describe, expect, it } from 'vitest';
import { fetchSources, markAll, PACKAGES } from './open-source.js';

const FULL = process.env['REDRESS_TESTS'] === 'full';
const LIMIT_MS = 240_000;

describe('code that was written by others', () => {
  const into = mkdtempSync(join(tmpdir(), 'redress-open-source-'));
  afterAll(() => rmSync(into, { recursive: true, force: true }));

  it.for(PACKAGES)(
    '%s is read whole: nothing is said of it as it is, and no rule fails over it when it is marked',
    { timeout: LIMIT_MS },
    async (name, { skip }) => {
      if (!FULL) skip('only with REDRESS_TESTS=full: it fetches packages');
      const root = fetchSources(name, into);
      const options = { root, config: { preset: 'strict', include: ['src*/**/*.ts'], exclude: [] } } as const;
      expect((await lintProject(options)).findings).toEqual([]);
      const { lines, files, marked } = markAll(root);
      const { findings, units } = await lintProject(options);
      expect([units > 0, marked > 0]).toEqual([true, true]);
      expect(findings.filter(({ rule }) => rule === 'unreadable-file')).toEqual([]);
      const counts = new Map<string, number>();
      for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
      console.log(
        `${name}: ${files} files, ${lines} lines, ${marked} methods marked, ${findings.length} findings ${JSON.stringify(Object.fromEntries(counts))}`,
      );
      if (process.env['REDRESS_SHOW'])
        for (const { path, line, rule, message } of findings) console.log(`${name} ${path}:${line} ${rule}: ${message}`);
    },
  );
});
