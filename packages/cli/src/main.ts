import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAdvise } from './commands/advise.js';
import { addCompletion } from './commands/completion.js';
import { addDoctor } from './commands/doctor.js';
import { addDomino } from './commands/domino.js';
import { addExport } from './commands/export.js';
import { addExplain } from './commands/explain.js';
import { addGraph } from './commands/graph.js';
import { addInit } from './commands/init.js';
import { addLint } from './commands/lint.js';
import { addList } from './commands/list.js';
import { addPurge } from './commands/purge.js';
import { addReplay } from './commands/replay.js';
import { addShow } from './commands/show.js';
import { addSignal } from './commands/signal.js';
import { addTail } from './commands/tail.js';
import { addVerbs } from './commands/verbs.js';
import { EXIT, exitCodeOf, sentenceOf } from './exit.js';
import { nodeIo } from './io.js';
import type { Io } from './io.js';

const HELP_AFTER = `
Exit codes: 0 well, 1 a negative answer (nothing found, findings), 2 bad usage or configuration, 3 the command failed,
4 the run is not in a state for that, 5 the store does not answer.`;

/** Runs the command with these arguments (without the program's name) and answers its exit code. Never throws. */
export async function main(args: readonly string[], io: Io = nodeIo()): Promise<number> {
  let code: number = EXIT.ok;
  const program = build(io, (ended) => (code = ended));
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
    return code;
  } catch (error) {
    const failed = exitCodeOf(error);
    // What the parser has to say, it has said.
    if (!isOfParser(error)) io.err(`${sentenceOf(error, args.includes('--debug'))}\n`);
    return failed;
  }
}

function build(io: Io, end: (code: number) => void): Command {
  const program = new Command('redress')
    .description('Finds operations with no way back, looks at runs, resolves those that are stuck, and checks a set-up.')
    .version(version(), '-V, --version')
    .addHelpText('after', HELP_AFTER)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHelpWidth: () => io.columns,
      getErrHelpWidth: () => io.columns,
      getOutHasColors: () => io.color,
      getErrHasColors: () => io.color,
    })
    .showHelpAfterError('("redress help <command>" says more)');
  addList(program, io, end);
  addShow(program, io);
  addTail(program, io);
  addVerbs(program, io, end);
  addSignal(program, io);
  addPurge(program, io);
  addExport(program, io);
  addReplay(program, io, end);
  addGraph(program, io);
  addDomino(program, io);
  addAdvise(program, io);
  addLint(program, io, end);
  addExplain(program, io);
  addDoctor(program, io, end);
  addInit(program, io);
  addCompletion(program, io);
  for (const command of program.commands)
    command.option('--config <file>', 'default: the nearest redress.config.*').option('--debug', 'show the stack of an error');
  return program;
}

function isOfParser(error: unknown): boolean {
  return error instanceof Error && error.name === 'CommanderError';
}

function version(): string {
  const { version: found } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return found;
}
