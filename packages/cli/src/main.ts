import { createRequire } from 'node:module';
import { LintUsageError } from '@redress/lint';
import { Command, CommanderError } from 'commander';
import { commands } from './commands/index.js';
import { EXIT, UsageError } from './exit.js';
import { thisTerminal } from './terminal.js';
import type { Terminal } from './terminal.js';

const manifest = createRequire(import.meta.url)('../package.json') as { readonly version: string };

/**
 * Runs one command line. Answers the exit code: 0 clean, 1 findings, 2 bad usage or configuration, 3 the command itself
 * failed, which is said in one sentence.
 */
export async function main(argv: readonly string[], terminal: Terminal = thisTerminal()): Promise<number> {
  let code: number = EXIT.clean;
  const program = new Command('redress')
    .description('Redress sets things right when they go wrong.')
    .version(manifest.version)
    .option('--debug', 'show where an internal failure came from')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, outputError: (text, write) => write(text.replace(/^error: /, '')) });
  for (const { declare } of commands) declare(program, terminal, (one) => (code = one));
  for (const one of program.commands) one.exitOverride().copyInheritedSettings(program);
  try {
    // Heard anywhere, also behind the verb.
    const words = argv.filter((word) => word !== '--debug');
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    return failed(error, terminal, argv.includes('--debug'));
  }
}

function failed(error: unknown, terminal: Terminal, isDebugging: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.clean : EXIT.usage;
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof UsageError || error instanceof LintUsageError) {
    terminal.err(`${text}\n`);
    return EXIT.usage;
  }
  terminal.err(`redress failed itself: ${text}${isDebugging ? '' : ' (--debug says where)'}\n`);
  if (isDebugging && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`);
  return EXIT.internal;
}
