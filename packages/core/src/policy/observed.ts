import type { Environment } from '../base/environment.js';
import { isTelling } from '../base/events.js';
import type { Call } from '../base/interceptor.js';
import type { Chain } from './call.js';
import { rootOf } from './call.js';
import { fuse } from './chain.js';
import type { Parts } from './chain.js';
import { recoveryInfo } from './info.js';
import { instead, methodsFor } from './instead.js';
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
  const { fallback, ...rest } = parts;
  const environmentOf = (call: Call): Environment => (given ?? call.environment) as Environment;
  const { circuitBreaker, rateLimit, bulkhead, gate } = rest;
  const inner = fuse(
    {
      ...rest,
      ...(circuitBreaker && { circuitBreaker: tellOfBreaker(circuitBreaker) }),
      ...(rateLimit && { rateLimit: tellOfLimit(rateLimit) }),
      ...(bulkhead && { bulkhead: tellOfPlaces(bulkhead, environmentOf) }),
      ...(gate && { gate: tellOfPlaces(gate, environmentOf) }),
    },
    given,
  );
  return (call, body) => {
    const environment = environmentOf(call);
    const end = beginning(call, environment, parts);
    const { args } = call;
    const promise: Promise<unknown> = inner(call, body).then(
      (value) => {
        end({ result: 'valueReturned', fallback: fallback ? 'notApplied' : 'notDefined' });
        return value;
      },
      (error: unknown) => {
        const methods = fallback ? methodsFor(fallback, call, error) : [];
        if (methods.length === 0) {
          end({ result: 'exceptionThrown', fallback: fallback ? 'notApplied' : 'notDefined', error });
          throw error;
        }
        return instead(methods, { call, args, error, environment, promise }).then(
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
