import type { Environment } from '../base/environment.js';
import { isTelling } from '../base/events.js';
import type { Call } from '../base/interceptor.js';
import type { Body, Chain } from './call.js';
import { rootOf } from './call.js';
import { fuse, gated } from './chain.js';
import type { Parts } from './chain.js';
import { keepInfo, recoveryInfo } from './info.js';
import { answer, methodsFor } from './instead.js';
import { tellOfBreaker, tellOfLimit, tellOfPlaces } from './telling.js';

/** All parts in one function, which tells of each call while somebody listens, and is as fast as ever while nobody does. */
export function observed(parts: Parts, given: Environment | undefined): Chain {
  const plain = fuse(parts, given);
  let told: Chain | undefined;
  return (call, body) => {
    const environment = given ?? call.environment;
    return environment && isTelling(environment.events) ? (told ??= telling(parts, given))(call, body) : plain(call, body);
  };
}

/** The same order of the same parts; those that count are asked through others that tell. */
function telling(parts: Parts, given: Environment | undefined): Chain {
  const { fallback, gate, ...rest } = parts;
  const environmentOf = (call: Call): Environment => (given ?? call.environment) as Environment;
  const { circuitBreaker, rateLimit, bulkhead } = rest;
  const inner = fuse(
    {
      ...rest,
      ...(circuitBreaker && { circuitBreaker: tellOfBreaker(circuitBreaker) }),
      ...(rateLimit && { rateLimit: tellOfLimit(rateLimit) }),
      ...(bulkhead && { bulkhead: tellOfPlaces(bulkhead) }),
    },
    given,
  );
  const attempts: Chain = bulkhead
    ? (call, body) => inner(call, (running) => placed(call, environmentOf(call), () => body(running)))
    : inner;
  const within: Chain = (call, body) => placed(call, environmentOf(call), () => attempts(call, body));
  const gatedAttempts = gate ? gated(tellOfPlaces(gate), within, environmentOf) : attempts;
  return (call, body) => {
    const environment = environmentOf(call);
    const end = beginning(call, environment, parts);
    // This very promise is what is given to the caller, and what is known of it is known by it.
    const attempted = gatedAttempts(call, body);
    const promise: Promise<unknown> = attempted.then(
      (value) => {
        const known = recoveryInfo(attempted);
        if (known) keepInfo(promise, known);
        end({ result: 'valueReturned', fallback: fallback ? 'notApplied' : 'notDefined' });
        return value;
      },
      (error: unknown) => {
        const methods = fallback ? methodsFor(fallback, call, error) : [];
        if (methods.length === 0) {
          end({ result: 'exceptionThrown', fallback: fallback ? 'notApplied' : 'notDefined', error });
          throw error;
        }
        return answer(methods, call, error, environment, () => promise).then(
          (value) => {
            end({ result: 'valueReturned', fallback: 'applied', error });
            return value;
          },
          (last: unknown) => {
            end({ result: 'exceptionThrown', fallback: 'applied', error });
            throw last;
          },
        );
      },
    );
    return promise;
  };
}

interface End {
  readonly result: 'valueReturned' | 'exceptionThrown';
  readonly fallback: 'applied' | 'notApplied' | 'notDefined';
  /** What the attempts ended with, whatever was answered in its place. */
  readonly error?: unknown;
}

function beginning(call: Call, { events, clock }: Environment, { retry }: Parts): (end: End) => void {
  const { operation } = call;
  const startedAt = clock.monotonic();
  const first = rootOf(call).attempt;
  return ({ error, ...how }) => {
    const reason =
      error === undefined && how.fallback !== 'applied' && how.result === 'valueReturned' ? 'valueReturned' : recoveryInfo(error)?.reason;
    const details = {
      operation,
      ...how,
      durationMs: clock.monotonic() - startedAt,
      attempts: rootOf(call).attempt - first + 1,
      ...(retry && { retry: reason ?? 'notRetryable' }),
    };
    events.publish({ name: 'call.ended', at: clock.now(), ...(error !== undefined && { error }), details });
  };
}

/** Whoever has a place has it until this has settled. */
function placed(call: Call, { events, clock }: Environment, run: () => ReturnType<Body>): ReturnType<Body> {
  const { operation } = call;
  const startedAt = clock.monotonic();
  events.publish({ name: 'bulkhead.entered', at: clock.now(), details: { operation } });
  const left = (): void =>
    events.publish({ name: 'bulkhead.left', at: clock.now(), details: { operation, durationMs: clock.monotonic() - startedAt } });
  let running: Promise<unknown>;
  try {
    running = Promise.resolve(run());
  } catch (error) {
    left();
    throw error;
  }
  running.then(left, left);
  return running;
}
