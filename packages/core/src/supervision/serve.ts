import { parentPort } from 'node:worker_threads';
import { systemClock } from '../base/clock.js';
import { ConfigurationError } from '../base/errors.js';
import { asWire } from '../base/wire.js';
import type { Wire } from '../base/wire.js';
import { CHILD_VARIABLE } from './birth.js';
import type { Birth } from './birth.js';
import type { FencingToken } from './fence.js';

/** What a process or thread knows of itself. */
export interface ServedContext {
  readonly supervisor: string;
  readonly id: string;
  /** 1 for its first life. */
  readonly generation: number;
  /** Aborted when it is to end. */
  readonly signal: AbortSignal;
  /** For `fenceOf(store, token)`, when the supervisor has a store. */
  readonly token?: FencingToken;
  /** Says that it is ready: the supervisor waits for it before it starts the next child. */
  ready(): void;
  /** A sign of life, for the phi detector. Sent by itself each `beatMs` when that is given. */
  beat(): void;
}

export interface ServeOptions {
  /** How often a beat is sent by itself: it says that the event loop turns. Default: never. */
  readonly beatMs?: number;
}

/**
 * The main function of a supervised process or thread: it is over when `run` is, with code 0, or with the error that it
 * threw. Answers the supervisor's pings, and aborts `signal` when it is to end (SIGTERM, in a process). A process whose
 * supervisor is gone ends at once.
 * @throws ConfigurationError when it is nobody's child.
 */
export function serveChild(run: (context: ServedContext) => unknown, options: ServeOptions = {}): void {
  const birth = process.env[CHILD_VARIABLE];
  if (birth === undefined) {
    throw new ConfigurationError([
      { subject: 'serveChild', cause: 'No supervisor has started this program.', remedy: 'Start it by childProcess or workerThread.' },
    ]);
  }
  // It is not its children's.
  delete process.env[CHILD_VARIABLE];
  const ending = new AbortController();
  const line = parentPort ? threadLine(parentPort) : processLine(ending);
  line.on((message) => {
    const wire = asWire(message);
    if (wire?.redress === 'ping') line.send({ redress: 'pong', n: wire.n });
    if (wire?.redress === 'stop') ending.abort();
  });
  const context: ServedContext = {
    ...(JSON.parse(birth) as Birth),
    signal: ending.signal,
    ready: () => line.send({ redress: 'ready' }),
    beat: () => line.send({ redress: 'beat' }),
  };
  if (options.beatMs !== undefined) beatEach(options.beatMs, context);
  void (async () => run(context))().then(
    () => process.exit(0),
    (error: unknown) => line.fail(error),
  );
}

function beatEach(ms: number, { beat }: ServedContext): void {
  const next = (): void => {
    beat();
    systemClock.setTimer(ms, next, { background: true });
  };
  next();
}

interface OwnLine {
  on(hear: (message: unknown) => void): void;
  send(message: Wire): void;
  fail(error: unknown): void;
}

function threadLine(port: NonNullable<typeof parentPort>): OwnLine {
  return {
    on: (hear) => void port.on('message', hear),
    send: (message) => port.postMessage(message),
    // Not caught by anybody, it reaches the supervisor as itself.
    fail: (error) =>
      queueMicrotask(() => {
        throw error;
      }),
  };
}

function processLine(ending: AbortController): OwnLine {
  process.on('SIGTERM', () => ending.abort());
  // Ctrl-C reaches the whole group of processes: the supervisor decides.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.once('disconnect', () => process.exit(1));
  return {
    on: (hear) => void process.on('message', hear),
    // That its supervisor is gone is said by the end of the line, not by an error that nobody has caught.
    send: (message) => void (process.connected && process.send?.(message, undefined, undefined, () => {})),
    fail(error) {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  };
}
