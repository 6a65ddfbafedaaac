import type { ChildProcess } from 'node:child_process';
import { ConfigurationError } from '../base/errors.js';
import { subprocess } from '../base/subprocess.js';
import type { Subprocess, SubprocessOptions } from '../base/subprocess.js';
import type { ChildContext, ChildSpec, RunningChild } from './child.js';
import { ChildExitedError } from './errors.js';
import { birthEnv, openLine } from './line.js';
import type { Line } from './line.js';

/** A module calls `serveChild`. */
export interface ProcessOptions extends SubprocessOptions {
  /** When it is ready: when it says so (the default for a module), or when it runs (the default for a command). */
  readonly ready?: 'message' | 'spawn';
  /** Asks it to end; `SIGKILL` follows after `shutdownMs`. Default: `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals;
  /** Is given each process as it is started, for messages of one's own. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/**
 * A child that is a process of its own. Ending with code 0 is a good end, any other a failure. None is left behind when
 * this process exits; a module also ends when this one is killed, for it notices that nobody is there.
 * @throws ConfigurationError when it is not said what to run.
 */
export function childProcess(options: ProcessOptions): ChildSpec['start'] {
  if ((options.module === undefined) === (options.command === undefined)) {
    throw new ConfigurationError([{ subject: 'childProcess', cause: 'It needs a module or a command.', remedy: 'Give one of them.' }]);
  }
  return (context) => launch(options, context);
}

async function launch(options: ProcessOptions, context: ChildContext): Promise<RunningChild> {
  const { stopSignal = 'SIGTERM', ready = options.module === undefined ? 'spawn' : 'message' } = options;
  const own = subprocess({ ...options, env: birthEnv(context, options.env) }, context.environment.clock);
  const { child } = own;
  const kill = (): void => own.signal('SIGKILL');
  const line = openLine(context, (message) => void (child.connected && child.send(message, () => {})));
  child.on('message', (message) => line.hear(message));
  options.onSpawn?.(child);
  const ended = goodEnd(own, nameOf(options));
  // While it is not ready there is nothing that it could bring to a good end.
  context.signal.addEventListener('abort', kill, { once: true });
  await becomesReady(child, options, ready === 'message' ? line : undefined, ended);
  context.signal.removeEventListener('abort', kill);
  context.signal.throwIfAborted();
  return {
    ended,
    stop: () => own.signal(stopSignal),
    kill,
    // Only who has said that it is ready is known to answer.
    ...(ready === 'message' ? { ping: (given: AbortSignal) => line.ping(given) } : {}),
  };
}

/** When it says so on its line, or when it runs. */
async function becomesReady(child: ChildProcess, options: ProcessOptions, line: Line | undefined, ended: Promise<void>): Promise<void> {
  const runs = new Promise<void>((resolve) => child.once('spawn', () => resolve()));
  const tooSoon = ended.then(() => {
    throw new ChildExitedError(nameOf(options), 0, null, 'It was not ready yet.');
  });
  await Promise.race([line ? line.ready : runs, tooSoon]);
}

/** Fulfilled when it has ended by itself with code 0, else rejected. */
async function goodEnd(own: Subprocess, name: string): Promise<void> {
  const { code, signal, noise } = await own.ended;
  if (code !== 0) throw new ChildExitedError(name, code, signal, noise);
}

function nameOf({ module, command }: ProcessOptions): string {
  return String(module ?? command).replace(/^.*\//, '');
}
