#!/usr/bin/env node
import { readOptions } from './options.js';
import { createScreen } from './screen.js';
import { UsageError } from './usage.js';

/*
 * The parent: it starts the worker, kills it, starts it again, and checks at the end that nothing was lost. It does no
 * order itself. What is heavy is imported after the first line is on the screen.
 */

const INTERRUPTED = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv);
  if (!options) return 0;
  const screen = createScreen(options.json ? process.stderr : process.stdout);
  if (options.everyCrash) {
    const { everyCrash } = await import('./every-crash.js');
    return everyCrash(screen, options);
  }
  const { placeOrders } = await import('./place-orders.js');
  return placeOrders(screen, options);
}

/** Nobody reads any more, as in `demo.js | head`. */
const BROKEN_PIPE = 141;

function stop(code: number, text = ''): void {
  void import('./interrupt.js').then(({ interrupt }) => interrupt(code, text));
}

for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop(BROKEN_PIPE));
for (const [signal, code] of Object.entries(INTERRUPTED)) {
  process.once(signal, () => stop(code, '\nStopped.\n'));
}

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
