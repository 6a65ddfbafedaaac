import type { Command } from 'commander';
import type { Terminal } from './terminal.js';

/** One verb of `redress`, in a file of its own under `commands/`. */
export interface CommandModule {
  /** Declares its words on the program. `run` is called with the exit code to end with. */
  readonly declare: (program: Command, terminal: Terminal, done: (code: number) => void) => void;
}
