import { readFlags } from '@redress/example-shared';
import { Command } from 'commander';

export interface Options {
  readonly json: boolean;
}

/** Undefined when help was asked for and given. @throws UsageError */
export function readOptions(argv: readonly string[]): Options | undefined {
  const raw = readFlags<Partial<Options>>(describe(), argv);
  return raw && { json: raw.json ?? false };
}

function describe(): Command {
  return new Command('policies')
    .description('Calls a small service class whose supplier is not well, and shows what each policy makes of it.')
    .option('--json', 'the result as one JSON document on stdout; everything else goes to stderr');
}
