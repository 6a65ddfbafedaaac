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
  /** Calls `listener` for each event of this name, or of every name for `*`. Answers a function that ends it. */
  on(name: string, listener: Listener): () => void;
  publish(event: RedressEvent): void;
}

/** Listeners are called in the order in which they came. One that throws is reported as a process warning; the others go on. */
export function createEventBus(): EventBus {
  const listeners = new Map<string, Set<Listener>>();
  const tell = (name: string, event: RedressEvent): void => {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(event);
      } catch (error) {
        process.emitWarning(`A listener of "${event.name}" threw: ${String(error)}`, { code: 'REDRESS_LISTENER' });
      }
    }
  };
  return {
    on(name, listener) {
      const own: Listener = (event) => listener(event);
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(own));
      return () => void set.delete(own);
    },
    publish(event) {
      tell(event.name, event);
      tell('*', event);
    },
  };
}
