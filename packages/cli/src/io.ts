import { createInterface } from 'node:readline/promises';
import { userInfo } from 'node:os';

/** What the command touches of the world: its tests hand in another one. */
export interface Io {
  /** Results. */
  out(text: string): void;
  /** Progress, hints and errors. */
  err(text: string): void;
  /** Whether a person reads the results; else they are NDJSON. */
  readonly isTerminal: boolean;
  /** Whether a person can be asked. */
  readonly canAsk: boolean;
  /** Width of the terminal in cells. */
  readonly columns: number;
  readonly color: boolean;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The lines of the standard input. */
  lines(): AsyncIterable<string>;
  ask(question: string): Promise<string>;
  /** Name for the audit of verbs. */
  user(): string;
  /** Milliseconds since 1970 of this computer. */
  now(): number;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

const DEFAULT_COLUMNS = 100;

export function nodeIo(): Io {
  const { env, stdout, stderr, stdin } = process;
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  // Who reads the results may stop reading, as `head` does: that is no failure.
  stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    isTerminal: stdout.isTTY === true,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    columns: stdout.columns || Number(env['COLUMNS']) || DEFAULT_COLUMNS,
    color: hasColor(env, stdout.isTTY === true),
    cwd: process.cwd(),
    env,
    lines: () => createInterface({ input: stdin }),
    async ask(question) {
      const reader = createInterface({ input: stdin, output: stderr });
      const answer = await reader.question(question).finally(() => reader.close());
      return answer;
    },
    user: () => env['REDRESS_USER'] ?? userInfo().username,
    now: () => Date.now(),
    signal: stop.signal,
  };
}

/** NO_COLOR (no-color.org) and FORCE_COLOR go before what the terminal is. */
function hasColor(env: Io['env'], isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0') return true;
  return isTerminal && env['TERM'] !== 'dumb';
}
