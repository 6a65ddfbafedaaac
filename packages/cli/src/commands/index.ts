import type { CommandModule } from '../command.js';
import { explainCommand } from './explain.js';
import { lintCommand } from './lint.js';

/** All verbs, as `--help` lists them. */
export const commands: readonly CommandModule[] = [lintCommand, explainCommand];
