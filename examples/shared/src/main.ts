import { killAll } from './child.js';
import { UsageError } from './usage.js';
import { removeAll } from './workplace.js';

const INTERRUPTED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** Nobody reads any more, as in `demo.js | head`. */
const BROKEN_PIPE = 141;

/** The parent of a demo: runs `main`, whose answer is the exit code; 2 when the command line or a file is not usable. */
export function runDemo(main: (argv: readonly string[]) => Promise<number>): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt(BROKEN_PIPE, ''));
  for (const [signal, code] of Object.entries(INTERRUPTED)) process.once(signal, () => interrupt(code, '\nStopped.\n'));

  // Until the end was reached, this is a failure: also when the process runs out of things to wait for.
  process.exitCode = 1;
  main(process.argv.slice(2)).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      const usage = error instanceof UsageError;
      const text = error instanceof Error ? error.message : String(error);
      process.stderr.write(`${usage ? text : `The demo failed: ${text}`}\n`);
      process.exitCode = usage ? 2 : 1;
    },
  );
}

/** Ctrl-C and the like: nothing that was started stays behind, and nothing that was made; files that somebody named do. */
function interrupt(code: number, text: string): never {
  killAll();
  removeAll();
  if (text) process.stderr.write(text);
  process.exit(code);
}
