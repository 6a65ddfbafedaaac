import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { libraries, scenarios } from './suite.mjs';

const text = readFileSync(new URL('../../docs/compared/policies.md', import.meta.url), 'utf8');
const cells = (line: string): string[] => line.split('|').map((cell) => cell.trim());
const rows = text.split('\n').filter((line) => line.startsWith('|'));
const columns = cells(rows.find((line) => line.includes('Redress')) ?? '');

// Fetched where there is a registry; without one ours is tried alone, and the reason is printed.
const { all, skipped } = await libraries((line) => console.log(line));
const peers = columns.filter((name) => /^[a-z]+ \d/.test(name));

describe('docs/compared/policies.md', () => {
  it('has a row for each scenario, with its words', () => {
    for (const [id, { must }] of Object.entries(scenarios)) expect(rows.find((row) => cells(row)[1] === id)).toContain(must);
  });

  it('has ours right in each of them', () => {
    for (const row of rows.filter((one) => /^[A-Z]{2}-/.test(cells(one)[1] ?? '')))
      expect(cells(row)[columns.indexOf('Redress')]).toBe('✔');
  });

  describe.each(all)('$name', (library) => {
    it.each(Object.entries(scenarios))('%s does what the table says', async (id, { run }) => {
      const found = await run(library);
      const mark = !found ? '–' : found.right ? '✔' : '✖';
      const row = cells(rows.find((one) => cells(one)[1] === id) ?? '');
      expect(`${library.name}: ${mark} (${found?.seen ?? 'has no such thing'})`).toContain(
        `${library.name}: ${row[columns.indexOf(library.name)]}`,
      );
    });
  });

  for (const name of peers.filter((one) => !all.some((library) => library.name === one))) {
    const why = skipped.find((reason) => reason.startsWith(name)) ?? skipped[0] ?? 'it was not loaded';
    // oxlint-disable-next-line vitest/expect-expect -- it says why nothing is expected
    it(`${name} does what the table says`, ({ skip }) => skip(why));
  }
});
