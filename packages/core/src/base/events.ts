/** Something that happened, told after it became durable. */
export interface RedressEvent {
  /** Such as `step.completed`; the same words as in the journal. */
  readonly name: string;
  /** Wall clock of this process, milliseconds. */
  readonly at: number;
  readonly saga?: string;
  readonly id?: string;
  readonly step?: string;
  readonly error?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type Listener = (event: RedressEvent) => void;

export interface EventBus {
  /** Whether anybody listens: an event that nobody hears need not be made. */
  readonly listening: boolean;
  /** Whether somebody listens to events of this very name: those of each call are told to nobody else. */
  hears?(name: string): boolean;
  /** Calls `listener` for each event of this name, or of every name for `*`. Answers a function that ends it. */
  on(name: string, listener: Listener): () => void;
  publish(event: RedressEvent): void;
}

/** Each guarded call, and each of its attempts, is told of only while somebody asks for it by this name. */
export const isTelling = (events: EventBus): boolean => events.listening && events.hears?.('call.ended') === true;

const FAILED = 'listener.failed';

/**
 * Listeners are called in the order in which they came. One that throws is reported as a process warning and told as
 * `listener.failed`; the others go on.
 */
export function createEventBus(): EventBus {
  const listeners = new Map<string, Set<Listener>>();
  let count = 0;
  const tell = (name: string, event: RedressEvent): void => {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(`A listener of "${event.name}" threw: ${String(error)}`, { code: 'REDRESS_LISTENER' });
        if (event.name === FAILED) continue;
        for (const to of [FAILED, '*']) tell(to, { name: FAILED, at: event.at, error, details: { event: event.name } });
      }
    }
  };
  return {
    get listening() {
      return count > 0;
    },
    hears: (name) => (listeners.get(name)?.size ?? 0) > 0,
    on(name, listener) {
      const own: Listener = (event) => listener(event);
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(own));
      count += 1;
      return () => {
        if (set.delete(own)) count -= 1;
      };
    },
    publish(event) {
      tell(event.name, event);
      tell('*', event);
    },
  };
}
