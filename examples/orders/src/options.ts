import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { flag, readFlags, readStorePlace, UsageError, wholeNumber } from '@redress/example-shared';
import type { StorePlace } from '@redress/example-shared';
import { Command } from 'commander';
import { parseKillAt } from './crash.js';
import type { CrashPoint } from './crash.js';
import { isStep, STEPS } from './operations.js';
import type { Step } from './operations.js';

export interface Options {
  readonly orders: string;
  /** Where journal and world are, `memory`, or undefined: in a temporary folder. */
  readonly store: 'memory' | StorePlace | undefined;
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
  const raw = readFlags<Raw>(describe(), argv);
  return raw && check(raw);
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
    .option(
      '--store <where>',
      'sqlite:<file>, redis://<host>:<port> or redis-cluster://<host>:<port>,…, the last two with ?namespace=<name> to go on with it later; or memory: one process, no kills (default: a temporary file)',
    )
    .option('--seed <n>', `chooses the moments of the kills and the faults of the network (default: ${SEED})`, wholeNumber(0, 2 ** 31 - 1))
    .option('--json', 'the result as one JSON document on stdout; everything else goes to stderr');
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

function step(text: string): Step {
  if (isStep(text)) return text;
  throw new UsageError(`--fail ${text}: there is no such step; choose from ${STEPS.join(', ')}.`);
}

function readStore(text: string): Options['store'] {
  return text === 'memory' ? text : readStorePlace(text, 'orders', 'sqlite:<file>, redis://<host>:<port> or memory');
}
