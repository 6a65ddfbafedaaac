import { fallback } from '@redress/core';
import type { FallbackMethod, FallbackOptions, Matcher, Policy } from '@redress/core';
import type { PolicyDecorator } from './fit.js';
import { markEither, written } from './mark.js';
import { calling } from './policies.js';
import type { Class, MethodReference, Options } from './registry.js';

/** A method of the class, as `(self: TheClass) => self.method`. */
type Reference = (self: never) => FallbackMethod;

/** As those of `fallback`, with methods of the class. One of `fallbackMethod`, `value` and `by`. */
export interface MethodFallbackOptions extends Pick<FallbackOptions, 'value' | 'applyOn' | 'skipOn'> {
  /** One, or several of which each is asked when the one before has failed. */
  readonly fallbackMethod?: Reference | readonly Reference[];
  /** A method for each kind of error; the first that fits. */
  readonly by?: readonly { readonly on: Matcher | readonly Matcher[]; readonly method: Reference }[];
}

/**
 * Answers for a call that has failed, after all repetitions: `@Fallback((bank: Bank) => bank.estimate)`. The method is
 * given the arguments and the error; it is called by name, so that an override applies. At a class it answers for each method
 * but itself. In a saga it does not make an
 * attempt unhappened: the undo learns that it may have done something.
 * @throws ConfigurationError at definition, when an option does not fit.
 */
export function Fallback(given: MethodFallbackOptions | Reference): PolicyDecorator {
  const options: MethodFallbackOptions = typeof given === 'function' ? { fallbackMethod: given } : given;
  const shown = written('Fallback', given);
  const { fallbackMethod, by, ...plain } = options;
  const named = (reference: Reference): MethodReference => ({ shown, reference });
  const [methods, rules] = [fallbackMethod && [fallbackMethod].flat(), by];
  const references = [...(methods ?? []), ...(rules ?? []).map(({ method }) => method)].map(named);
  const make = (call: (reference: Reference) => FallbackMethod, subject: string, configured?: Options): Policy =>
    fallback(
      {
        ...plain,
        ...configured,
        ...(methods && { fallbackMethod: methods.map(call) }),
        ...(rules && { by: rules.map(({ on, method }) => ({ on, method: call(method) })) }),
      },
      undefined,
      subject,
    );
  return ((...place: [unknown, unknown, unknown?]) =>
    markEither('policies', shown, place, (subject) => {
      const { kind } = make((reference) => reference as unknown as FallbackMethod, `${subject}, ${shown}`);
      const at = (type: Class, name: string, configured?: Options): Policy =>
        make((reference) => calling(type, name, named(reference)), name, configured);
      return { shown, kind, make: at, references };
    })) as PolicyDecorator;
}
