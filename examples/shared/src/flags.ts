import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommanderError, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { UsageError } from './usage.js';

/** What stands on the command line; undefined when help was asked for and given. @throws UsageError */
export function readFlags<T extends object>(command: Command, argv: readonly string[]): T | undefined {
  command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(false);
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, '').replace(/\n/g, ' ')} (see --help)`);
  }
  return command.opts<T>();
}

/** `--kill-at` for `killAt`. */
export function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** The journal's file, and that of the outside world beside it. */
export interface StoreFiles {
  readonly file: string;
  readonly world: string;
}

/** Reads `sqlite:<file>`. @throws UsageError when a file is not usable; nothing was written. `forms`: what may be said instead. */
export function readStoreFiles(text: string, forms = 'sqlite:<file>'): StoreFiles {
  const name = /^sqlite:(.+)$/.exec(text)?.[1];
  if (name === undefined) throw new UsageError(`--store ${text}: write ${forms}.`);
  const file = resolve(name);
  const world = `${file.replace(/\.db$/, '')}.world.db`;
  if (!existsSync(dirname(file))) throw new UsageError(`--store ${text}: there is no folder ${dirname(file)}.`);
  for (const one of [file, world]) checkDatabase(text, one);
  if (holds(file) !== holds(world)) {
    const [there, missing] = holds(file) ? [file, world] : [world, file];
    throw new UsageError(`--store ${text}: ${there} is there, but ${missing}, which belongs to it, is not; give a new file.`);
  }
  return { file, world };
}

function checkDatabase(text: string, file: string): void {
  if (!existsSync(file)) return;
  if (!statSync(file).isFile()) throw new UsageError(`--store ${text}: ${file} is no file.`);
  if (!holds(file)) return;
  const start = Buffer.alloc(16);
  const opened = openSync(file, 'r');
  readSync(opened, start, 0, 16, 0);
  closeSync(opened);
  if (start.toString('latin1') !== 'SQLite format 3\0')
    throw new UsageError(`--store ${text}: ${file} is no SQLite database; it was left as it is.`);
}

function holds(file: string): boolean {
  return existsSync(file) && statSync(file).size > 0;
}
