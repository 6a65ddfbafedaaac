import type { Environment } from '../base/environment.js';
import type { Call } from '../base/interceptor.js';
import type { Admission } from './circuit.js';
import { CircuitOpenError } from './errors.js';
import type { Limiting } from './limiter.js';
import type { Places, Slot } from './places.js';

/** The same breaker; what becomes of each call is told. */
export function tellOfBreaker(breaker: Admission): Admission {
  return {
    admit(call, environment, timeout) {
      const { events, clock } = environment;
      const tell = (result: 'success' | 'failure' | 'neutral' | 'circuitBreakerOpen'): void =>
        events.publish({ name: 'circuit.called', at: clock.now(), details: { operation: call.operation, result } });
      const permit = breaker.admit(call, environment, timeout);
      if (permit instanceof CircuitOpenError) {
        tell('circuitBreakerOpen');
        return permit;
      }
      return {
        succeeded() {
          permit.succeeded();
          tell('success');
        },
        failed(error, given) {
          const verdict = permit.failed(error, given);
          tell(verdict);
          return verdict;
        },
      };
    },
  };
}

/** The same limit; each call that it lets through is told of. */
export function tellOfLimit(limit: Limiting): Limiting {
  return {
    take(call, environment) {
      const rejection = limit.take(call, environment);
      if (rejection) return rejection;
      environment.events.publish({ name: 'rateLimit.permitted', at: environment.clock.now(), details: { operation: call.operation } });
      return undefined;
    },
  };
}

/** The same places; each wait for one is told of. */
export function tellOfPlaces(places: Places): Places {
  return {
    of(call): Slot {
      const slot = places.of(call);
      const wait = (waiter: Call, environment: Environment): Promise<void> => waited(slot, waiter, environment);
      return { isFull: slot.isFull, enter: () => slot.enter(), leave: () => slot.leave(), wait };
    },
  };
}

async function waited(slot: Slot, call: Call, environment: Environment): Promise<void> {
  const { events, clock } = environment;
  const { operation } = call;
  const startedAt = clock.monotonic();
  let result = 'left';
  // One that is turned away never waits.
  const isQueued = !slot.isFull;
  const waiting = slot.wait(call, environment);
  if (isQueued) events.publish({ name: 'bulkhead.queued', at: clock.now(), details: { operation } });
  try {
    await waiting;
    result = 'entered';
  } finally {
    const details = { operation, result, durationMs: clock.monotonic() - startedAt };
    if (isQueued) events.publish({ name: 'bulkhead.dequeued', at: clock.now(), details });
  }
}
