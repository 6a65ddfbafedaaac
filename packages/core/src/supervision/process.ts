import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sleep } from '../base/clock.js';
import { ConfigurationError } from '../base/errors.js';
import type { ChildContext, ChildSpec, RunningChild } from './child.js';
import { ChildExitedError } from './errors.js';
import { birthEnv, openLine } from './line.js';
import type { Line } from './line.js';

export interface ProcessOptions {
  /** A Node program, which calls `serveChild`. Either this or `command`. */
  readonly module?: URL | string;
  /** Any other program. */
  readonly command?: string;
  readonly args?: readonly string[];
  /** For Node itself, before the program. */
  readonly execArgv?: readonly string[];
  readonly cwd?: string;
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** What it writes: shown, or not. The last of its standard error is in the error in any case. Default: `inherit`. */
  readonly output?: 'inherit' | 'ignore';
  /** When it is ready: when it says so (the default for a module), or when it runs (the default for a command). */
  readonly ready?: 'message' | 'spawn';
  /** Asks it to end; `SIGKILL` follows after `shutdownMs`. Default: `SIGTERM`. */
  readonly stopSignal?: NodeJS.Signals;
  /** It leads a process group of its own, and what it started is signalled and ended with it. Default: false. */
  readonly group?: boolean;
  /** Is given each process as it is started, for messages of one's own. */
  readonly onSpawn?: (child: ChildProcess) => void;
}

/** How long its last words may take after its end: a process that it started may hold on to its output. */
const LAST_WORDS_MS = 200;
const NOISE = 2_000;
const alive = new Set<() => void>();
const killAll = (): void => alive.forEach((kill) => kill());

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
  const { output = 'inherit', stopSignal = 'SIGTERM', ready = options.module === undefined ? 'spawn' : 'message' } = options;
  const child = spawnChild(options, context);
  const signal = (name: NodeJS.Signals): void => send(child, name, options.group);
  const kill = (): void => signal('SIGKILL');
  const line = openLine(context, (message) => void (child.connected && child.send(message, () => {})));
  child.on('message', (message) => line.hear(message));
  options.onSpawn?.(child);
  const ended = endOf(child, options, context, output === 'inherit');
  alive.add(kill);
  if (alive.size === 1) process.on('exit', killAll);
  const over = (): void => {
    // What it started may still be there.
    if (options.group) kill();
    alive.delete(kill);
    if (alive.size === 0) process.off('exit', killAll);
  };
  ended.then(over, over);
  // While it is not ready there is nothing that it could bring to a good end.
  context.signal.addEventListener('abort', kill, { once: true });
  await becomesReady(child, options, ready === 'message' ? line : undefined, ended);
  context.signal.removeEventListener('abort', kill);
  context.signal.throwIfAborted();
  return {
    ended,
    stop: () => signal(stopSignal),
    kill,
    // Only who has said that it is ready is known to answer.
    ...(ready === 'message' ? { ping: (given: AbortSignal) => line.ping(given) } : {}),
  };
}

function spawnChild(options: ProcessOptions, context: ChildContext): ChildProcess {
  const { module, command, args = [], execArgv = process.execArgv, cwd, output = 'inherit', group = false } = options;
  const script = module instanceof URL ? fileURLToPath(module) : module;
  const [program, words] = script === undefined ? [command as string, args] : [process.execPath, [...execArgv, script, ...args]];
  return spawn(program, words, {
    env: birthEnv(context, options.env),
    detached: group,
    stdio: ['ignore', output, 'pipe', ...(script === undefined ? [] : ['ipc' as const])],
    ...(cwd === undefined ? {} : { cwd }),
  });
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
async function endOf(child: ChildProcess, options: ProcessOptions, { environment }: ChildContext, shown: boolean): Promise<void> {
  let noise = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    noise = (noise + chunk.toString()).slice(-NOISE);
    if (shown) process.stderr.write(chunk);
  });
  const silent = new AbortController();
  child.once('close', () => silent.abort());
  const [code, signal] = await new Promise<readonly [number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.once('exit', (...end) => resolve(end));
  });
  await sleep(environment.clock, LAST_WORDS_MS, silent.signal);
  child.stderr?.destroy();
  if (code !== 0) throw new ChildExitedError(nameOf(options), code, signal, noise.trim());
}

function send(child: ChildProcess, signal: NodeJS.Signals, group = false): void {
  if (child.pid === undefined) return;
  try {
    if (group) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It is gone already.
  }
}

function nameOf({ module, command }: ProcessOptions): string {
  return String(module ?? command).replace(/^.*\//, '');
}
