import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import { getTsconfig } from 'get-tsconfig';
import { applyEdits, modify } from 'jsonc-parser';
import type { Command } from 'commander';
import { UsageError } from '../exit.js';
import type { Io } from '../io.js';
import { Print } from '../print.js';
import { confirmed } from './verbs.js';

interface InitOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly store: string;
}

/** A file as it is and as it should be. */
interface Edit {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const STORES: Readonly<Record<string, { readonly package: string; readonly place: string }>> = {
  sqlite: { package: '@redress/sqlite', place: 'sqlite:redress.db' },
  redis: { package: '@redress/redis', place: 'redis://127.0.0.1:6379' },
};
const VERSION = '^0.1.0';

export function addInit(program: Command, io: Io): void {
  program
    .command('init')
    .description('adds what an existing app needs; shows the changes first')
    .option('--store <kind>', Object.keys(STORES).join(' or '), 'sqlite')
    .option('--dry-run', 'show the changes, and make none')
    .option('-y, --yes', 'do not ask')
    .action(async (options: InitOptions) => {
      const edits = editsOf(io.cwd, options.store).filter(({ before, after }) => before !== after);
      const print = new Print(io, false);
      if (edits.length === 0) return print.note('Nothing is missing.');
      for (const edit of edits) print.line(patchOf(print, io.cwd, edit));
      if (options.dryRun) return print.note('Nothing was changed (dry run).');
      await confirmed(io, options, `change ${edits.length === 1 ? 'this file' : `these ${edits.length} files`}?`);
      for (const { file, after } of edits) writeFileSync(file, after);
      print.note(`${edits.length === 1 ? '1 file' : `${edits.length} files`} written. Next: npm install, then redress doctor.`);
    });
}

/** @throws UsageError when there is no app here, or the kind of store is not known. */
function editsOf(folder: string, kind: string): readonly Edit[] {
  const store = STORES[kind];
  if (!store) throw new UsageError(`--store ${kind}: there are ${Object.keys(STORES).join(', ')}.`);
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest))
    throw new UsageError(`There is no package.json in ${folder}: run this in the folder of the app, or npm init first.`);
  const decorated = '"tsyringe"';
  const text = readFileSync(manifest, 'utf8');
  const edits = [withDependencies(manifest, text, store.package)];
  const tsconfig = text.includes(decorated) ? getTsconfig(folder) : null;
  if (tsconfig && relative(folder, tsconfig.path).startsWith('..') === false) edits.push(withFlags(tsconfig.path));
  const config = join(folder, existsSync(join(folder, 'tsconfig.json')) ? 'redress.config.ts' : 'redress.config.mjs');
  if (!existsSync(config)) edits.push({ file: config, before: '', after: configText(store.place) });
  return edits;
}

function withDependencies(file: string, text: string, store: string): Edit {
  const manifest = parsed(file, text) as Record<string, Record<string, string> | undefined>;
  const have = { ...manifest['dependencies'], ...manifest['devDependencies'] };
  const wanted: readonly (readonly [string, string])[] = [
    ['dependencies', '@redress/core'],
    ['dependencies', '@redress/decorators'],
    ['dependencies', store],
    ['devDependencies', '@redress/cli'],
  ];
  return edited(
    file,
    text,
    wanted.filter(([, name]) => !(name in have)).map(([kind, name]) => [[kind, name], VERSION] as const),
  );
}

function withFlags(file: string): Edit {
  const text = readFileSync(file, 'utf8');
  const flags = getTsconfig(file)?.config.compilerOptions;
  const wanted = (['experimentalDecorators', 'emitDecoratorMetadata'] as const).filter((flag) => flags?.[flag] !== true);
  return edited(
    file,
    text,
    wanted.map((flag) => [['compilerOptions', flag], true] as const),
  );
}

/** Changes values and leaves comments and the rest as they are. */
function edited(file: string, before: string, values: readonly (readonly [path: readonly string[], value: unknown])[]): Edit {
  const indent = /^[ \t]+/m.exec(before)?.[0] ?? '  ';
  const formattingOptions = { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length };
  const after = values.reduce((text, [path, value]) => applyEdits(text, modify(text, [...path], value, { formattingOptions })), before);
  return { file, before, after };
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${(error as Error).message}`);
  }
}

function configText(place: string): string {
  return `import { defineConfig } from '@redress/cli';

export default defineConfig({
  store: '${place}',
});
`;
}

function patchOf({ colors }: Print, folder: string, { file, before, after }: Edit): string {
  const name = relative(folder, file);
  const patch = createTwoFilesPatch(before === '' ? '/dev/null' : name, name, before, after, '', '', { context: 2 });
  const lines = patch.split('\n').filter((line) => !line.startsWith('====='));
  const paint = (line: string): string => {
    if (/^(\+\+\+|---)/.test(line)) return colors.bold(line);
    if (line.startsWith('+')) return colors.green(line);
    return line.startsWith('-') ? colors.red(line) : line;
  };
  return lines.map(paint).join('\n').trimEnd();
}
