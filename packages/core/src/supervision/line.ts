import { asWire } from '../base/wire.js';
import type { Wire } from '../base/wire.js';
import { CHILD_VARIABLE } from './birth.js';
import type { Birth } from './birth.js';
import type { ChildContext } from './child.js';

/** Our end of the wire to a process or thread. */
export interface Line {
  readonly ready: Promise<void>;
  hear(message: unknown): void;
  /** Asks for a sign of life. */
  ping(signal: AbortSignal): Promise<void>;
}

export function openLine(context: ChildContext, send: (message: Wire) => void): Line {
  let isReady = (): void => {};
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  const pings = new Map<number, () => void>();
  let n = 0;
  return {
    ready,
    hear(message) {
      const wire = asWire(message);
      if (wire?.redress === 'ready') isReady();
      else if (wire?.redress === 'beat') context.beat();
      else if (wire?.redress === 'pong') pings.get(wire.n)?.();
    },
    ping(signal) {
      const id = (n += 1);
      return new Promise<void>((resolve) => {
        pings.set(id, resolve);
        signal.addEventListener('abort', () => pings.delete(id), { once: true });
        send({ redress: 'ping', n: id });
      });
    },
  };
}

/** The environment of a process or thread, with what it needs to know of itself. */
export function birthEnv(context: ChildContext, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const { supervisor, id, generation, fence } = context;
  const birth: Birth = { supervisor, id, generation, ...(fence ? { token: fence.token } : {}) };
  return { ...env, [CHILD_VARIABLE]: JSON.stringify(birth) };
}
