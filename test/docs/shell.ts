import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './blocks.js';
import { root } from './files.js';

/** What commands may name: the scripts of the root, and where the flags of each are declared. */
export interface Commands {
  readonly scripts: readonly string[];
  readonly packages: readonly string[];
  /** Text in which every flag of a script must occur; a script without one takes no flags of ours. */
  readonly flagsOf: Readonly<Record<string, string>>;
}

export function readCommands(): Commands {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  return {
    scripts: Object.keys(scripts),
    packages: readdirSync(join(root, 'packages')).map((name) => `@redress/${name}`),
    flagsOf: { demo: textIn('examples/orders/src'), soak: textIn('scripts'), bench: textIn('test/bench') },
  };
}

/** What is wrong with a block of commands: scripts, files, packages and flags that do not exist. */
export function shellProblems({ document, line, code }: Block, commands: Commands): readonly string[] {
  return code.split('\n').flatMap((text, i) => {
    const say = (sentence: string): readonly string[] => [`${document}:${line + 1 + i} ${sentence}`];
    return text
      .replace(/(^|\s)#.*$/, '')
      .split(/&&|\|\||[;|]/)
      .flatMap((part) => commandProblem(part.trim(), commands).flatMap(say));
  });
}

function commandProblem(command: string, commands: Commands): readonly string[] {
  const words = command
    .replace(/^\$ /, '')
    .split(/\s+/)
    .filter((word) => !/^[A-Z_]+=/.test(word));
  const [tool, verb, name] = words;
  if (tool === 'npm' && (verb === 'run' || verb === 'test' || verb === 't')) {
    const script = verb === 'run' ? (name ?? '') : 'test';
    if (!commands.scripts.includes(script)) return [`runs "npm run ${script}", which package.json does not have.`];
    const at = words.indexOf('--');
    return at === -1 ? [] : flagProblems(script, words.slice(at + 1), commands.flagsOf[script] ?? '');
  }
  if (tool === 'npm' && ['install', 'i', 'add'].includes(verb ?? '')) {
    const ours = words.filter((word) => word.startsWith('@redress/')).map((word) => word.replace(/(.)@.*$/, '$1'));
    return ours.filter((one) => !commands.packages.includes(one)).map((one) => `installs ${one}, which is not among the packages.`);
  }
  if (tool === 'node') {
    const file = words.slice(1).find((word) => !word.startsWith('-'));
    const source = file?.replace('/dist/', '/src/').replace(/\.js$/, '.ts');
    if (file?.includes('/') && !existsSync(join(root, file)) && !existsSync(join(root, source ?? '')))
      return [`runs ${file}, which does not exist.`];
  }
  return [];
}

function flagProblems(script: string, words: readonly string[], declared: string): readonly string[] {
  if (script === 'test') return [];
  const flags = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*$/, ''));
  const unknown = flags.filter((flag) => flag !== '--help' && !declared.includes(flag) && !declared.includes(`option('${flag.slice(2)}'`));
  return unknown.map((flag) => `gives ${flag} to "npm run ${script}", which does not know it.`);
}

function textIn(folder: string): string {
  if (!existsSync(join(root, folder))) return '';
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules') && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
