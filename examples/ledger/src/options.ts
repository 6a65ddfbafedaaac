import { readFlags, wholeNumber } from '@redress/example-shared';
import { Command } from 'commander';

export interface Options {
  readonly rounds: number;
  readonly json: boolean;
  /** A folder for the pictures. */
  readonly pictures?: string;
}

const ROUNDS = 4;

/** Undefined when help was asked for and given. @throws UsageError */
export function readOptions(argv: readonly string[]): Options | undefined {
  const raw = readFlags<Partial<Options>>(describe(), argv);
  return raw && { json: false, ...raw, rounds: raw.rounds ?? ROUNDS };
}

function describe(): Command {
  return new Command('ledger')
    .description(
      'Three account processes pay each other; one is killed with -9. What that costs with plain checkpoints, with forced ones, with coordinated ones, and with message logs.',
    )
    .option('--rounds <n>', `how long they pay each other before (default: ${ROUNDS})`, wholeNumber(1, 50))
    .option('--pictures <folder>', 'writes the checkpoints and the recovery lines there, as SVG, Mermaid and DOT')
    .option('--json', 'the result as one JSON document on stdout; everything else goes to stderr');
}
