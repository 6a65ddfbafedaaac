import type { Command } from 'commander';
import type { Io } from '../io.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { findTarget, nameOf } from '../target.js';
import { confirmed, jsonOf } from './verbs.js';

interface SignalOptions extends Common {
  readonly value?: string;
  readonly key?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addSignal(program: Command, io: Io): void {
  onStore(program.command('signal').description('sends a signal to a run; it is kept until the run receives it'))
    .argument('<run>', '<saga>/<id>, or an id that only one run has')
    .argument('<name>', 'the name that the run receives')
    .option('--value <json>', 'what goes with it')
    .option('--key <text>', 'the same key again is the same signal (default: a random one)')
    .option('--dry-run', 'say what would happen, and change nothing')
    .option('-y, --yes', 'do not ask')
    .action((run: string, name: string, options: SignalOptions) =>
      inSession(io, options, async ({ admin, runtime, print }) => {
        const value = jsonOf('--value', options.value);
        const target = await findTarget(admin, run);
        if (options.dryRun) {
          print.note(`Would send "${name}" to ${nameOf(target)}. Nothing was changed (dry run).`);
          return;
        }
        await confirmed(io, options, `signal ${name} to ${nameOf(target)}?`);
        await runtime.signal(target.saga, target.id, name, value, options.key === undefined ? {} : { key: options.key });
        if (print.isJson) print.record('run', { verb: 'signal', ...target, name });
        else print.line(`${nameOf(target)}  signal ${name} sent`);
      }),
    );
}
