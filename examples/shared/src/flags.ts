import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CommanderError, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { inNamespace, isAddress, readAddress, shown } from './address.js';
import { holdsRuns } from './journal.js';
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

/** Where the journal is, and the outside world. */
export interface StorePlace {
  /** A file, or the address of a Redis server or cluster with a namespace. */
  readonly store: string;
  /** A file. Undefined: nobody named the namespace, so neither it nor the world is there before, or stays. */
  readonly world?: string;
}

/**
 * Reads `sqlite:<file>`, `redis://…` and `redis-cluster://…`. @throws UsageError when that is not usable; nothing was written.
 * A namespace that nobody names is named after the example. `forms`: what may be said.
 */
export function readStorePlace(text: string, example: string, forms = 'sqlite:<file> or redis://<host>:<port>'): StorePlace {
  if (isAddress(text)) {
    const { namespace } = readAddress(text);
    if (namespace !== undefined) return { store: text, world: resolve(`${namespace}.world.db`) };
    return { store: inNamespace(text, `${example}-${randomBytes(4).toString('hex')}`) };
  }
  const name = /^sqlite:(.+)$/.exec(text)?.[1];
  if (name === undefined) throw new UsageError(`--store ${text}: write ${forms}.`);
  const store = resolve(name);
  const world = `${store.replace(/\.db$/, '')}.world.db`;
  if (!existsSync(dirname(store))) throw new UsageError(`--store ${text}: there is no folder ${dirname(store)}.`);
  for (const one of [store, world]) checkDatabase(text, one);
  checkPair(text, [store, holds(store)], world);
  return { store, world };
}

/** Before anything is begun: a server that answers, and a journal with its world. @throws UsageError */
export async function checkStorePlace({ store, world }: StorePlace): Promise<void> {
  if (!isAddress(store)) return;
  const begun = await holdsRuns(store);
  if (world === undefined) return;
  checkDatabase(shown(store), world);
  checkPair(shown(store), ['that namespace', begun], world);
}

function checkPair(text: string, [journal, begun]: readonly [name: string, begun: boolean], world: string): void {
  if (begun === holds(world)) return;
  const [there, missing] = begun ? [journal, world] : [world, journal];
  const other = isAddress(text) ? 'namespace' : 'file';
  throw new UsageError(`--store ${text}: ${there} is there, but ${missing}, which belongs to it, is not; give a new ${other}.`);
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
