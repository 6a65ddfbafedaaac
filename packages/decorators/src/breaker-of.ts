import { ConfigurationError } from '@redress/core';
import type { BreakerHandle, Policy, Runtime } from '@redress/core';
import { unusable } from './binding.js';
import { findBinding, isAmbiguous } from './find.js';
import { protectionOf } from './protection.js';
import { methodsOf } from './registry.js';
import type { Class } from './registry.js';

/**
 * The circuit breaker of a method of this class: its state, to isolate it and to reset it. `runtime`: whose objects are meant;
 * default: the runtime that knows the class, if there is one.
 * @throws ConfigurationError when the method has no breaker, or it was switched off; `CONFIG_AMBIGUOUS_RUNTIME` when several
 * runtimes might be meant.
 */
export function breakerOf<T extends object>(type: Class<T>, method: keyof T & string, runtime?: Runtime): BreakerHandle {
  const any = Object.create(type.prototype as object) as object;
  if (!runtime && isAmbiguous(any)) {
    const subject = `${type.name}.${method}`;
    throw unusable(
      'CONFIG_AMBIGUOUS_RUNTIME',
      subject,
      'Several runtimes have objects of this class.',
      'Say which one: breakerOf(…, app).',
    );
  }
  const environment = (runtime ?? findBinding(any)?.runtime)?.environment;
  const found = methodsOf(type).get(method);
  const breaker = found && protectionOf(found, type, environment).policies.find(({ kind }) => kind === 'circuitBreaker');
  if (breaker) return breaker as Policy<'circuitBreaker'> & BreakerHandle;
  throw new ConfigurationError([
    { subject: `${type.name}.${method}`, cause: 'It has no circuit breaker.', remedy: 'Put @CircuitBreaker at it or at its class.' },
  ]);
}
