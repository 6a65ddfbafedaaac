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

/** The same places; of each is told who waits for it, and who has it. */
export function tellOfPlaces(places: Places, environmentOf: (call: Call) => Environment): Places {
  return { of: (call) => new ToldSlot(places.of(call), call.operation, environmentOf(call)) };
}

/** A place of one attempt or call. */
class ToldSlot implements Slot {
  private enteredAt = 0;

  constructor(
    private readonly slot: Slot,
    private readonly operation: string,
    private readonly environment: Environment,
  ) {}

  get isFull(): boolean {
    return this.slot.isFull;
  }

  enter(): boolean {
    const isIn = this.slot.enter();
    if (isIn) this.entered();
    return isIn;
  }

  async wait(call: Call, environment: Environment): Promise<void> {
    const startedAt = environment.clock.monotonic();
    let result = 'left';
    // One that is turned away never waits.
    const isQueued = !this.slot.isFull;
    const waiting = this.slot.wait(call, environment);
    if (isQueued) this.tell('bulkhead.queued', {});
    try {
      await waiting;
      result = 'entered';
    } finally {
      if (isQueued) this.tell('bulkhead.dequeued', { result, durationMs: this.environment.clock.monotonic() - startedAt });
    }
    this.entered();
  }

  leave(): void {
    this.tell('bulkhead.left', { durationMs: this.environment.clock.monotonic() - this.enteredAt });
    this.slot.leave();
  }

  private entered(): void {
    this.enteredAt = this.environment.clock.monotonic();
    this.tell('bulkhead.entered', {});
  }

  private tell(name: string, more: Readonly<Record<string, unknown>>): void {
    const { events, clock } = this.environment;
    events.publish({ name, at: clock.now(), details: { operation: this.operation, ...more } });
  }
}
