import { recover } from '@redress/core';
import type { FallbackMethod, Policy, RecoverAction, Repairer, RecoverRule } from '@redress/core';
import type { MethodMark } from './fit.js';
import { mark } from './mark.js';
import { calling } from './policies.js';
import type { Class, MethodReference } from './registry.js';

/** Methods of the class, as `(self: TheClass) => self.method`. */
type Answering = (self: never) => FallbackMethod;
type Repairing = (self: never) => Repairer;

/** As those of `recover`, with methods of the class. */
export type MethodRecoverAction = RecoverAction<Answering, Repairing>;
export type MethodRecoverRule = RecoverRule<Answering, Repairing>;

/**
 * Recovery by kind of error, as one table: the first rule that fits and is not used up is taken, and in the end `otherwise`.
 * Its methods are called by name, so that overrides apply. With `@Retry` beside, all its attempts are those of `@Retry`.
 * In a saga no answer of it makes an attempt unhappened: the undo learns that it may have done something.
 * @throws ConfigurationError at definition, when a rule does not fit.
 */
export function Recover(rules: readonly MethodRecoverRule[], otherwise: MethodRecoverAction = { action: 'abort' }): MethodMark {
  const shown = `@Recover(${rules.length} rules)`;
  const all = [...rules, otherwise];
  const references = all.flatMap((one) => referenceOf(one) ?? []).map((reference): MethodReference => ({ shown, reference }));
  const make = (call: (reference: (self: never) => unknown) => (...given: never[]) => unknown, subject: string): Policy =>
    recover(
      rules.map((rule) => bound(rule, call)),
      bound(otherwise, call),
      undefined,
      subject,
    );
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('policies', shown, place, (subject) => {
      const { kind } = make((reference) => reference as Repairer, `${subject}, ${shown}`);
      const at = (type: Class, name: string): Policy => make((reference) => calling(type, name, { shown, reference }), name);
      const repeats = all.some(({ action }) => action === 'retry');
      return { shown, kind, make: at, references, repeats, ...(all.some(isLonger) && { needs: TIMEOUT }) };
    })) as MethodMark;
}

const isLonger = (one: MethodRecoverAction): boolean => one.action === 'retry' && (one.multiplier ?? 1) > 1;
const TIMEOUT = {
  kind: 'timeout',
  cause: 'A rule has a multiplier, and there is no time-out of an attempt that it could make longer.',
  remedy: 'Add @Timeout, or leave the multiplier out.',
};

function referenceOf(one: MethodRecoverAction): ((self: never) => unknown) | undefined {
  if (one.action === 'repair') return one.with;
  return 'method' in one ? one.method : undefined;
}

/** The same rule with functions in place of references; what is no function is left to whoever checks it. */
function bound<T extends MethodRecoverAction>(one: T, call: (reference: (self: never) => unknown) => (...given: never[]) => unknown) {
  const reference = referenceOf(one);
  const method = typeof reference === 'function' ? call(reference) : reference;
  return { ...one, ...(reference && { [one.action === 'repair' ? 'with' : 'method']: method }) } as unknown as RecoverRule;
}
