import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { sleep } from './clock.js';
import type { Clock } from './clock.js';

/** What is run, and how. */
export interface SubprocessOptions {
  /** A Node program, with a channel for messages. Either this or `command`. */
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
  /** It leads a process group of its own, and what it started is signalled and ended with it. Default: false. */
  readonly group?: boolean;
}

/** How a process has ended, and the last that it wrote to its standard error. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly noise: string;
}

/** A process that is ended with this one, at the latest. */
export interface Subprocess {
  readonly child: ChildProcess;
  /** Fulfilled when it has ended in any way, rejected when it could not be run. */
  readonly ended: Promise<ProcessEnd>;
  /** Does nothing when it is gone already. */
  signal(name: NodeJS.Signals): void;
}

/** How long its last words may take after its end: a process that it started may hold on to its output. */
const LAST_WORDS_MS = 200;
const NOISE = 2_000;
const alive = new Set<() => void>();
const killAll = (): void => alive.forEach((kill) => kill());

/** Starts a process. Messages of a module are JSON, or with `copied` whatever a structured clone holds. */
export function subprocess(options: SubprocessOptions, clock: Clock, copied = false): Subprocess {
  const { module, command, args = [], execArgv = process.execArgv, cwd, env, output = 'inherit', group = false } = options;
  const script = module instanceof URL ? fileURLToPath(module) : module;
  const [program, words] = script === undefined ? [command as string, args] : [process.execPath, [...execArgv, script, ...args]];
  const child = spawn(program, words, {
    detached: group,
    serialization: copied ? 'advanced' : 'json',
    stdio: ['ignore', output, 'pipe', ...(script === undefined ? [] : ['ipc' as const])],
    ...(env && { env }),
    ...(cwd !== undefined && { cwd }),
  });
  const signal = (name: NodeJS.Signals): void => send(child, name, group);
  const kill = (): void => signal('SIGKILL');
  const ended = endOf(child, clock, output === 'inherit');
  alive.add(kill);
  if (alive.size === 1) process.on('exit', killAll);
  const over = (): void => {
    // What it started may still be there.
    if (group) kill();
    alive.delete(kill);
    if (alive.size === 0) process.off('exit', killAll);
  };
  ended.then(over, over);
  return { child, ended, signal };
}

async function endOf(child: ChildProcess, clock: Clock, shown: boolean): Promise<ProcessEnd> {
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
  await sleep(clock, LAST_WORDS_MS, silent.signal);
  child.stderr?.destroy();
  return { code, signal, noise: noise.trim() };
}

function send(child: ChildProcess, signal: NodeJS.Signals, group: boolean): void {
  if (child.pid === undefined) return;
  try {
    if (group) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It is gone already.
  }
}
