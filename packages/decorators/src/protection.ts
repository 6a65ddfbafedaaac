import { compose, ConfigurationError, retry, retryPolicy } from '@redress/core';
import type { Chain, Environment, Intercepting, Policy, Problem, RetryPolicy } from '@redress/core';
import { classMarksOf, complete } from './class-marks.js';
import { configurationOf } from './configuration.js';
import { handlerOf } from './handler.js';
import { clashOf, methodsOf } from './registry.js';
import type { Class, Marks, Method, MethodReference, PolicyMark, RetryMark } from './registry.js';
import { surroundingsOf } from './surroundings.js';

/** The marks that are in force at a method: its own, else those of the nearest class that has one of the kind. */
export interface InForce {
  readonly retry: readonly RetryMark[];
  readonly policies: readonly PolicyMark[];
}

/** Interceptors of one's own: there may be several, and no configuration concerns them. */
export const isIntercepting = (mark: RetryMark | PolicyMark): boolean => 'kind' in mark && (mark.kind === 'early' || mark.kind === 'late');

/** What stands around a method of one class in one runtime. */
export interface Protection {
  /** Undefined: nothing, or everything was switched off. */
  readonly chain: Chain | undefined;
  readonly retry: RetryPolicy | undefined;
  readonly policies: readonly (Policy | Intercepting)[];
  /** Whether a call may be repeated by one of them. */
  readonly repeats: boolean;
}

/** `type`: the class of the object, which may have marks that the class of the method does not know. */
export function marksInForce(type: Class, method: Method): InForce {
  const { saga, retry: ownRetry, policies: own } = method.marks;
  if (saga.length > 0 || isCalledByEngine(type, method.key)) return { retry: ownRetry, policies: own };
  const retries = [...ownRetry];
  const policies = [...own];
  for (const layer of classMarksOf(type)) {
    if (retries.length === 0) retries.push(...layer.retry);
    const taken = new Set(policies.map(({ kind }) => kind));
    policies.push(...layer.policies.filter((mark) => !taken.has(mark.kind) && !names(type, mark.references, method.key)));
  }
  return { retry: retries, policies };
}

/** Undos and probes are repeated by the engine, and a fallback would make a failed one look done. */
function isCalledByEngine(type: Class, key: string): boolean {
  for (const { marks } of methodsOf(type).values()) {
    const [undo] = marks.compensate;
    const probe = marks.step[0]?.probe;
    const references = [undo, undo?.alternate, probe].filter((one) => one !== undefined);
    if (names(type, references, key)) return true;
  }
  return false;
}

const names = (type: Class, references: readonly MethodReference[], key: string): boolean =>
  references.some((reference) => {
    const handler = handlerOf(type, reference, Infinity);
    return 'name' in handler && handler.name === key;
  });

// What policies count belongs to one runtime, one class and one method: two containers, and two subclasses, share nothing.
const all = new WeakMap<Method, WeakMap<Class, WeakMap<object, Protection>>>();
const nowhere = {};

/**
 * All policies of a method in one function; their order does not depend on that of the decorators.
 * @throws ConfigurationError when they do not fit together; said at the start already of classes that a runtime knows.
 */
export function protectionOf(method: Method, type: Class, environment: Environment | undefined): Protection {
  const ofMethod = made(all, method, () => new WeakMap<Class, WeakMap<object, Protection>>());
  const ofClass = made(ofMethod, type, () => new WeakMap<object, Protection>());
  return made(ofClass, surroundingsOf(environment) ?? environment ?? nowhere, () => {
    complete(type);
    return protect(method, type, environment);
  });
}

function made<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}

/** @throws ConfigurationError */
export function protect(
  method: Method,
  type: Class,
  environment: Environment | undefined,
  configuration = configurationOf(environment),
): Protection {
  const subject = `${type.name}.${method.key}`;
  const inForce = marksInForce(type, method);
  const problems = problemsOf(type, subject, method, inForce);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const isOn = (mark: RetryMark | PolicyMark): boolean => isIntercepting(mark) || (configuration?.isOn(type, method.key, mark) ?? true);
  const configured = (mark: RetryMark | PolicyMark) => configuration?.optionsFor(type, method.key, mark);
  const [retries] = inForce.retry.filter(isOn).map((mark) => {
    const options = configured(mark);
    return options ? retryPolicy(`${subject}, @Retry`, { ...mark.options, ...options }) : mark.policy;
  });
  // Interceptors stand in the order in which they are written: decorators come from below.
  const policies = inForce.policies
    .filter(isOn)
    .toReversed()
    .map((mark) => mark.make(type, subject, configured(mark), surroundingsOf(environment)));
  const chained = [...(retries ? [retry(retries)] : []), ...policies];
  const repeats = retries !== undefined || inForce.policies.some((mark) => mark.repeats === true && isOn(mark));
  const [scope] = method.marks.checkpointed;
  // A fallback sees the state as it was before the call, and every attempt begins with it.
  const around = scope && ((inner: Chain): Chain => scope.around(method, inner, repeats));
  const chain = around || chained.length > 0 ? compose(chained, environment, subject, around) : undefined;
  return { chain, retry: retries, policies, repeats };
}

/** What is wrong with the policies of a method, as far as they name other methods, stand twice or exclude each other. */
export function policyProblems(type: Class, subject: string, method: Method): readonly Problem[] {
  return problemsOf(type, subject, method, marksInForce(type, method));
}

function problemsOf(type: Class, subject: string, { marks }: Method, { retry: retries, policies }: InForce): readonly Problem[] {
  const problems: Problem[] = [];
  const [first, second] = retries;
  if (first && second) problems.push({ subject, cause: `It has ${first.shown} and ${second.shown}.`, remedy: 'Keep one of them.' });
  for (const [i, mark] of policies.entries()) {
    const same = isIntercepting(mark) ? undefined : policies.slice(0, i).find(({ kind }) => kind === mark.kind);
    if (same) problems.push({ subject, cause: `It has ${same.shown} and ${mark.shown}.`, remedy: 'Keep one of them.' });
    const { needs } = mark;
    if (needs && !policies.some(({ kind }) => kind === needs.kind)) {
      problems.push({ subject, cause: `It has ${mark.shown}. ${needs.cause}`, remedy: needs.remedy });
    }
    for (const reference of mark.references) {
      const handler = handlerOf(type, reference, Infinity);
      if (!('name' in handler)) problems.push({ subject, ...handler });
    }
  }
  const clash = clashOf({ policies, redundant: marks.redundant });
  if (clash) problems.push({ subject, ...clash });
  return [...problems, ...checkpointProblems(subject, marks, policies)];
}

/** Several calls at once would write to one state. */
function checkpointProblems(subject: string, marks: Marks, policies: readonly PolicyMark[]): readonly Problem[] {
  if (marks.checkpointed.length === 0) return [];
  const several = [...policies.filter(({ kind }) => kind === 'hedge'), ...marks.redundant].map(({ shown }) => ({
    subject,
    cause: `It has @Checkpointed and ${shown}: several calls at once would write to one state.`,
    remedy: 'Put one of them at another method.',
  }));
  const reads = marks.readOnly.map(({ shown }) => ({ subject, cause: `It has @Checkpointed and ${shown}.`, remedy: 'Keep one of them.' }));
  return [...several, ...reads.slice(0, 1)];
}
