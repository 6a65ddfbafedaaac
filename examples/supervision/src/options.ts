import { readFlags, wholeNumber } from '@redress/example-shared';
import { Command } from 'commander';

export interface Options {
  readonly kills: number;
  readonly seed: number;
  readonly json: boolean;
}

const KILLS = 6;
const SEED = 7;

/** Undefined when help was asked for and given. @throws UsageError */
export function readOptions(argv: readonly string[]): Options | undefined {
  const raw = readFlags<Partial<Options>>(describe(), argv);
  return raw && { kills: raw.kills ?? KILLS, seed: raw.seed ?? SEED, json: raw.json ?? false };
}

function describe(): Command {
  return new Command('supervision')
    .description('Keeps three processes alive while they are killed with -9, refuses what a zombie writes, and gives up on a crash loop.')
    .option('--kills <n>', `how often one of the three is killed (default: ${KILLS})`, wholeNumber(0, 100))
    .option('--seed <n>', `chooses who is killed, and when (default: ${SEED})`, wholeNumber(0, 2 ** 31 - 1))
    .option('--json', 'the result as one JSON document on stdout; everything else goes to stderr');
}
