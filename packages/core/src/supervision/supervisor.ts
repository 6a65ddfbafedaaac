import type { ChildSpec } from './child.js';
import { SupervisorLoop } from './loop.js';
import { checkSupervisor } from './options.js';
import type { SupervisorOptions } from './options.js';
import type { Supervisor } from './supervisor-types.js';

/** @throws ConfigurationError with all that does not fit. Nothing is started yet. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  checkSupervisor(options);
  return new SupervisorLoop(options);
}

/**
 * A supervisor as a child of another one: each of its lives begins with all of its children, and when it gives up, that is
 * one failure above. Restarts multiply through the levels: let the upper ones allow less. Clock, events and store are
 * those of the parent where it has none of its own.
 */
export function supervisorChild(
  options: SupervisorOptions,
  spec: Pick<ChildSpec, 'restart' | 'shutdownMs' | 'startMs' | 'count'> = {},
): ChildSpec {
  checkSupervisor(options);
  return {
    shutdownMs: Infinity,
    ...spec,
    id: options.name.replaceAll('/', '.'),
    async start(context) {
      const store = options.store ?? context.store;
      const inner = createSupervisor({
        ...options,
        // Members of a group, and namesakes under other supervisors, have children of their own in the store.
        name: `${context.supervisor}/${context.id}`,
        environment: { ...context.environment, ...options.environment },
        ...(store ? { store } : {}),
      });
      // What ends a start is said by the start.
      inner.ended.catch(() => {});
      context.signal.addEventListener('abort', () => void inner.stop(), { once: true });
      await inner.start();
      return { ended: inner.ended, stop: () => inner.stop(), kill: () => inner.stop({ kill: true }) };
    },
  };
}
