import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { parseKillAt } from './crash.js';
import type { CrashPoint } from './crash.js';
import { isStep, STEPS } from './operations.js';
import type { Step } from './operations.js';
import { UsageError } from './usage.js';

export interface Options {
  readonly orders: string;
  /** A file for journal and world, `memory`, or undefined: a temporary folder. */
  readonly store: 'memory' | { readonly file: string; readonly world: string } | undefined;
  readonly kills: number;
  readonly killAt?: CrashPoint;
  readonly everyCrash: boolean;
  readonly fail?: Step;
  readonly seed: number;
  readonly json: boolean;
}

const SEED = 7;
const KILLS = 4;
const MAX_KILLS = 50;
const ORDERS = fileURLToPath(new URL('../data/orders.csv', import.meta.url));

/** Undefined when help was asked for and given. @throws UsageError before anything is opened or written. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const command = describe();
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, '').replace(/\n/g, ' ')} (see --help)`);
  }
  return check(command.opts<Raw>());
}

interface Raw {
  readonly orders?: string;
  readonly store?: string;
  readonly kills?: number;
  readonly killAt?: CrashPoint;
  readonly everyCrash?: true;
  readonly fail?: Step;
  readonly seed?: number;
  readonly json?: true;
}

function describe(): Command {
  return new Command('orders')
    .description(
      'Places a file of orders (reserve, charge, ship) while its process is killed again and again, and checks that nothing was lost.',
    )
    .option('--orders <file>', 'orders to place, as CSV (default: the file of this example)')
    .option('--kills <n>', `how often the worker is killed (default: ${KILLS})`, wholeNumber(0, MAX_KILLS))
    .option('--kill-at <point>', 'kill it once, there: <Class.method>:before-effect, :after-effect or :after-record', parseKillAt)
    .option('--every-crash', 'kill it at every possible point in turn, for an order that ships and one that does not')
    .option('--fail <Class.method>', 'this step refuses every order', step)
    .option('--store <where>', 'sqlite:<file>, or memory: one process, no kills (default: a temporary file)')
    .option('--seed <n>', `chooses the moments of the kills and the faults of the network (default: ${SEED})`, wholeNumber(0, 2 ** 31 - 1))
    .option('--json', 'the result as one JSON document on stdout; everything else goes to stderr')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(false);
}

function check(raw: Raw): Options {
  if (raw.everyCrash) {
    const other = (['orders', 'store', 'kills', 'killAt', 'fail', 'seed'] as const).find((name) => raw[name] !== undefined);
    if (other) throw new UsageError(`--every-crash chooses its orders and kills itself: leave ${flag(other)} out.`);
  }
  const store = raw.store === undefined ? undefined : readStore(raw.store);
  if (store === 'memory' && (raw.kills || raw.killAt)) {
    throw new UsageError(
      `--store memory forgets everything when its process is killed: leave ${flag(raw.kills ? 'kills' : 'killAt')} out, or use sqlite:<file>.`,
    );
  }
  const orders = raw.orders ?? ORDERS;
  if (!existsSync(orders)) throw new UsageError(`--orders ${orders}: there is no such file.`);
  if (!statSync(orders).isFile()) throw new UsageError(`--orders ${orders}: that is no file.`);
  return {
    orders,
    store,
    kills: raw.kills ?? (raw.killAt || store === 'memory' ? 0 : KILLS),
    everyCrash: raw.everyCrash ?? false,
    seed: raw.seed ?? SEED,
    json: raw.json ?? false,
    ...(raw.killAt ? { killAt: raw.killAt } : {}),
    ...(raw.fail ? { fail: raw.fail } : {}),
  };
}

function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (/^\d+$/.test(text) && n >= min && n <= max) return n;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function step(text: string): Step {
  if (isStep(text)) return text;
  throw new UsageError(`--fail ${text}: there is no such step; choose from ${STEPS.join(', ')}.`);
}

function readStore(text: string): Options['store'] {
  if (text === 'memory') return 'memory';
  const name = /^sqlite:(.+)$/.exec(text)?.[1];
  if (name === undefined) throw new UsageError(`--store ${text}: write sqlite:<file> or memory.`);
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
