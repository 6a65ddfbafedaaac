import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documents, extract, root } from './docs/files.js';
import type { Extracted } from './docs/files.js';
import { readDocument } from './docs/programs.js';
import { readCommands, shellProblems } from './docs/shell.js';
import { buildPackages, runProblem, testProblem, typeProblems } from './docs/verify.js';

const LIMIT_MS = 120_000;
const read = documents().map((path) => readDocument(path, readFileSync(join(root, path), 'utf8')));
const blocks = extract(
  'documents',
  read.flatMap(({ programs }) => programs),
);
const runnable = blocks.filter(({ program }) => program.typesOnly === undefined);
const nameOf = ({ program }: Extracted): string => `${program.document}:${program.line}`;

beforeAll(buildPackages, LIMIT_MS);

describe('documents', () => {
  it('mark their blocks so that each is checked', () => {
    expect(read.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('hold code that compiles', () => {
    expect(typeProblems('documents', blocks)).toEqual([]);
  }, 120_000);

  it.concurrent.each(runnable.filter(({ program }) => !program.isTest).map((one) => [nameOf(one), one] as const))(
    '%s runs',
    async (_, block) => expect(await runProblem('documents', block)).toBeUndefined(),
    LIMIT_MS,
  );

  it('hold tests that pass', () => {
    expect(
      testProblem(
        'documents',
        runnable.filter(({ program }) => program.isTest),
      ),
    ).toBeUndefined();
  }, 120_000);

  it('name commands, flags and packages that exist', () => {
    const commands = readCommands();
    expect(read.flatMap(({ shell }) => shell.flatMap((block) => shellProblems(block, commands)))).toEqual([]);
  });
});

describe('the judge of documents', () => {
  const fence = (language: string, ...lines: string[]): string => ['```' + language, ...lines, '```', ''].join('\n');

  it('puts blocks together where they continue, on the lines of the document', () => {
    const text = ['# Title', fence('ts', 'const a = 1;'), '<!-- docs: continues -->', fence('ts', 'console.log(a);')].join('\n');
    const { programs, problems } = readDocument('X.md', text);
    expect(problems).toEqual([]);
    expect(programs.map(({ line, code }) => [line, code])).toEqual([[2, '\n\nconst a = 1;\n\n\n\n\nconsole.log(a);\n']]);
  });

  it('puts the outputs of a continued program together', async () => {
    const shown = (second: string): string =>
      [
        ...[fence('ts', "console.log('one');"), '<!-- docs: output -->', fence('text', 'one')],
        ...['<!-- docs: continues -->', fence('ts', "console.log('two');"), '<!-- docs: output -->', fence('text', second)],
      ].join('\n');
    expect(await runProblem('judge', judged(shown('two'))[0]!)).toBeUndefined();
    expect(await runProblem('judge', judged(shown('one\ntwo'))[0]!)).toMatch(/^X\.md:6 shows another output/);
  });

  it('refuses marks that say nothing and code that would escape', () => {
    const text = [
      ...['<!-- docs: types-only -->', fence('ts', 'x')],
      ...['<!-- docs: skip, later -->', fence('ts', 'x')],
      ...['<!-- docs: continues -->', 'words', fence('typescript', 'x')],
      fence('bash', 'npm test'),
    ].join('\n');
    expect(readDocument('X.md', text).problems).toEqual([
      expect.stringContaining('X.md:6 has an unknown mark "skip"'),
      expect.stringContaining('X.md:11 has a mark "continues" with no block'),
      expect.stringContaining('X.md:1 does not say why'),
      expect.stringContaining('X.md:13 has a block of "typescript"'),
      expect.stringContaining('X.md:17 has a block of "bash"'),
    ]);
  });

  const judged = (text: string): readonly Extracted[] => {
    const { programs, problems } = readDocument('X.md', text);
    expect(problems).toEqual([]);
    return extract('judge', programs);
  };

  it('finds what does not compile, does not run, prints something else or fails as a test', async () => {
    const text = [
      fence('ts', "const wrong: number = 'text';", 'console.log(wrong);'),
      fence('ts', '', "throw new Error('on line 8');"),
      fence('ts', "console.log('one');"),
      '<!-- docs: output -->',
      fence('text', 'two'),
      fence('ts', "import { expect, it } from 'vitest';", "it('fails here', () => expect(1).toBe(2));"),
      '<!-- docs: types-only, it would wait for ever -->',
      fence('ts', 'await new Promise(() => {});'),
    ].join('\n');
    const [types, throws, prints, fails, waits] = judged(text);
    const all = [types, throws, prints, fails, waits].filter((one) => one !== undefined);
    expect(typeProblems('judge', all)).toEqual([expect.stringMatching(/^X\.md:2: error TS2322/)]);
    expect(await runProblem('judge', all[0]!)).toBeUndefined();
    expect(await runProblem('judge', all[1]!)).toMatch(/^X\.md:6 ended with 1\.[^]*X\.md:8[^]*on line 8/);
    expect(await runProblem('judge', all[2]!)).toMatch(/^X\.md:16 shows another output than the block at line 11 prints:\none/);
    expect(testProblem('judge', [all[3]!])).toMatch(/fails here/);
    expect(waits?.program.typesOnly).toBe('it would wait for ever');
  }, 120_000);

  it('accepts decorators with metadata, hidden lines, expected output and imports of the packages', async () => {
    const text = [
      '<!-- docs: hidden',
      "import 'reflect-metadata';",
      "import { container, injectable } from 'tsyringe';",
      '-->',
      fence('ts', '@injectable()', 'class Stock { level = 3; }', '@injectable()', 'class Orders { constructor(readonly stock: Stock) {} }'),
      '<!-- docs: continues -->',
      fence(
        'ts',
        "import { RedressError } from '@redress/core';",
        'console.log(container.resolve(Orders).stock.level, typeof RedressError.is);',
      ),
      '<!-- docs: output -->',
      fence('text', '3 function'),
    ].join('\n');
    const all = judged(text);
    expect(typeProblems('judge', all)).toEqual([]);
    expect(await runProblem('judge', all[0]!)).toBeUndefined();
  }, 120_000);

  it('finds scripts, flags, files and packages that do not exist', () => {
    const commands = { scripts: ['demo', 'test'], packages: ['@redress/core'], flagsOf: { demo: "option('--seed <n>')" } };
    const problems = (...lines: string[]): readonly string[] =>
      shellProblems({ document: 'X.md', line: 1, language: 'sh', code: lines.join('\n'), marks: [] }, commands);
    expect(problems('npm test  # all', 'FAST=1 npm run demo -- --seed 7', 'npm i @redress/core@1 pg', 'node package.json', 'ls')).toEqual(
      [],
    );
    expect(problems('npm run dmeo', 'cd x && npm run demo -- --sed 7', 'npm install @redress/kore', 'node examples/x/dist/y.js')).toEqual([
      expect.stringContaining('X.md:2 runs "npm run dmeo"'),
      expect.stringContaining('X.md:3 gives --sed'),
      expect.stringContaining('X.md:4 installs @redress/kore'),
      expect.stringContaining('X.md:5 runs examples/x/dist/y.js'),
    ]);
  });
});
