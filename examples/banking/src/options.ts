import { existsSync, statSync } from 'node:fs';
import { flag, readFlags, readStorePlace, UsageError, wholeNumber } from '@redress/example-shared';
import type { StorePlace } from '@redress/example-shared';
import { Command } from 'commander';

export interface Options {
  /** So many are generated, or those of a file. */
  readonly transfers: number | { readonly file: string };
  readonly accounts: number;
  readonly workers: number;
  readonly kills: number;
  /** Percent of the large transfers that somebody looks at before the demo ends. */
  readonly reviewRate: number;
  /** Where journal and world are; undefined: in a temporary folder. */
  readonly store: StorePlace | undefined;
  readonly seed: number;
  readonly json: boolean;
}

export const DEFAULTS = { transfers: 2000, accounts: 100, workers: 4, kills: 10, reviewRate: 90, seed: 7 } as const;
const MOST = { transfers: 100_000, accounts: 999, workers: 16, kills: 200 } as const;
/** A transfer needs two. */
const FEWEST_ACCOUNTS = 2;

type Raw = Partial<Record<keyof typeof DEFAULTS, number>> & { readonly file?: string; readonly store?: string; readonly json?: boolean };

/** Undefined when help was asked for and given. @throws UsageError before anything is opened or written. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const raw = readFlags<Raw>(describe(), argv);
  return raw && check(raw);
}

function describe(): Command {
  const count = (
    name: 'transfers' | 'accounts' | 'workers' | 'kills',
    what: string,
    min: number,
  ): [string, string, (text: string) => number] => [
    `${flag(name)} <n>`,
    `${what} (default: ${DEFAULTS[name]})`,
    wholeNumber(min, MOST[name]),
  ];
  return new Command('banking')
    .description(
      'Transfers money between accounts and to other banks in several processes that are killed again and again, and checks that none was lost.',
    )
    .option(...count('transfers', 'random transfers', 1))
    .option('--file <csv>', 'these transfers instead (id,from,to,bank,cents)')
    .option(...count('accounts', 'accounts of the bank', FEWEST_ACCOUNTS))
    .option(...count('workers', 'worker processes at a time', 1))
    .option(...count('kills', 'how often one of them is killed', 0))
    .option(
      '--review-rate <percent>',
      `share of the large transfers that a person decides; the others go on waiting (default: ${DEFAULTS.reviewRate})`,
      wholeNumber(0, 100),
    )
    .option(
      '--store <where>',
      'sqlite:<file>, redis://<host>:<port> or redis-cluster://<host>:<port>,…, the last two with ?namespace=<name> to go on with it later (default: a temporary file)',
    )
    .option(
      '--seed <n>',
      `chooses accounts, transfers, reviews, moments of the kills and faults of the network (default: ${DEFAULTS.seed})`,
      wholeNumber(0, 2 ** 31 - 1),
    )
    .option('--json', 'the result as one JSON document on stdout; everything else goes to stderr');
}

function check({ file, store, json = false, ...given }: Raw): Options {
  if (file !== undefined && given.transfers !== undefined) {
    throw new UsageError('--file says which transfers there are: leave --transfers out.');
  }
  if (file !== undefined && !existsSync(file)) throw new UsageError(`--file ${file}: there is no such file.`);
  if (file !== undefined && !statSync(file).isFile()) throw new UsageError(`--file ${file}: that is no file.`);
  const { transfers, ...numbers } = { ...DEFAULTS, ...given };
  return {
    ...numbers,
    json,
    transfers: file === undefined ? transfers : { file },
    store: store === undefined ? undefined : readStorePlace(store, 'banking'),
  };
}
