import { mkdirSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Program } from './programs.js';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Inside the workspace, so that the imports of a block find the packages that test/package.json declares. */
export const scratch = join(root, 'test/docs/.tmp');

/** Pages of the lint: their wrong examples are wrong, and the tests of the rules judge them. */
const RULES = /^docs\/rules\/(?!README)/;

/** The documents whose blocks must hold, from the root. */
export function documents(): readonly string[] {
  const atRoot = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md'];
  const ofPackages = namesIn('packages').map((name) => `packages/${name}/README.md`);
  const ofExamples = namesIn('examples').map((name) => `examples/${name}/README.md`);
  return [...[...atRoot, ...ofPackages, ...ofExamples].filter((path) => existsSync(join(root, path))), ...markdownIn('docs')];
}

/** A program on disk: the module to compile, the same compiled, and a folder of its own to run in. */
export interface Extracted {
  readonly program: Program;
  readonly source: string;
  readonly script: string;
  readonly folder: string;
}

/** Writes the programs below `scratch/<name>`, after emptying it. */
export function extract(name: string, programs: readonly Program[]): readonly Extracted[] {
  const home = join(scratch, name);
  rmSync(home, { recursive: true, force: true });
  return programs.map((program) => {
    const stem = join(home, program.document, `line-${program.line}`);
    const source = program.isTest ? `${stem}.doc.ts` : `${stem}.ts`;
    const script = `${stem}.js`;
    mkdirSync(stem, { recursive: true });
    writeFileSync(source, program.code);
    if (!program.isTest) writeFileSync(script, compile(program.code, source));
    return { program, source, script, folder: stem };
  });
}

/** The name in a message of a tool, back to the document: `README.md:12`. */
export function place(name: string, text: string): string {
  const home = `${relative(root, join(scratch, name))}/`;
  return text
    .replaceAll(`file://${root}/`, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(home, '')
    .replace(/\/line-\d+(?:\.doc)?\.[tj]s[:(](\d+)(?:[:,]\d+\)?)?/g, ':$1');
}

function compile(code: string, fileName: string): string {
  const compilerOptions: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    verbatimModuleSyntax: true,
    inlineSourceMap: true,
  };
  return ts.transpileModule(code, { fileName, compilerOptions }).outputText;
}

function namesIn(folder: string): readonly string[] {
  return existsSync(join(root, folder)) ? readdirSync(join(root, folder)).toSorted() : [];
}

function markdownIn(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `${folder}/${path}`)
    .filter((path) => !RULES.test(path))
    .toSorted();
}
