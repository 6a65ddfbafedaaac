import { compose, ConfigurationError, currentScope, retry, runInScope } from '@redress/core';
import type { Body, Call, Chain, Environment, Interceptor, Policy, Problem, Running, StepScope } from '@redress/core';
import { frameOf } from './frame.js';
import type { Frame } from './frame.js';
import { handlerOf } from './handler.js';
import type { Class, Method, MethodReference } from './registry.js';
import { surroundingsOf } from './surroundings.js';

export const hasPolicies = ({ marks }: Method): boolean => marks.retry.length + marks.policies.length + marks.redundant.length > 0;

// What policies count belongs to one runtime, one class and one method: two containers, and two subclasses, share nothing.
const chains = new WeakMap<Method, WeakMap<Class, WeakMap<object, Chain>>>();
const nowhere = {};

/**
 * All policies of a method in one function; their order does not depend on that of the decorators.
 * @throws ConfigurationError when they do not fit together; said at the start already of classes that a runtime knows.
 */
export function chainFor(method: Method, instance: object, environment: Environment | undefined): Chain {
  const type = instance.constructor as Class;
  const ofMethod = made(chains, method, () => new WeakMap<Class, WeakMap<object, Chain>>());
  const ofClass = made(ofMethod, type, () => new WeakMap<object, Chain>());
  const around = surroundingsOf(environment);
  return made(ofClass, around ?? environment ?? nowhere, () => {
    const subject = `${type.name}.${method.key}`;
    const problems = policyProblems(type, subject, method);
    if (problems.length > 0) throw new ConfigurationError(problems);
    const repeats = method.marks.retry.map(({ policy }): Policy => retry(policy));
    return compose([...repeats, ...method.marks.policies.map((mark) => mark.make(type, subject, around))], environment, subject);
  });
}

function made<K extends object, V>(map: WeakMap<K, V>, key: K, make: () => V): V {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = make()));
  return found;
}

/** Whether a call of the method is repeated by one of its own marks. */
export const repeats = ({ marks }: Method): boolean => marks.retry.length > 0 || marks.policies.some((one) => one.repeats === true);

/** The method's own body, once for each attempt, in a scope that tells it of that attempt. */
export function bodyOf(frame: Frame, call: Call): Body {
  const { instance, marked, retries } = frame;
  // From the call, whose arguments a repair may have replaced.
  const own = (): Promise<unknown> => marked.raw.apply(instance, [...call.args]) as Promise<unknown>;
  const vote = voteOf(marked)?.(instance);
  return (running) => {
    const run = vote ? (): Promise<unknown> => vote(attempt(call, running), own) : own;
    const scope = currentScope();
    const isOwnPart = running !== call && scope?.step !== undefined;
    if (!retries && !isOwnPart) return run();
    const step = isOwnPart ? { step: attemptOf(scope.step, running) } : {};
    return runInScope({ ...scope, ...step, ...(retries && { repeats: true }) }, run);
  };
}

/** The call as one attempt of it sees it. */
function attempt(call: Call, running: Running): Call {
  const tell = (error: unknown): void => call.onAttemptFailed?.(error);
  return Object.create(call, { signal: { get: () => running.signal }, onAttemptFailed: { value: tell } }) as Call;
}

const votes = new WeakMap<Method, (instance: object) => Interceptor>();

/** Each attempt is a vote of its own. */
function voteOf(method: Method): ((instance: object) => Interceptor) | undefined {
  const [mark] = method.marks.redundant;
  return mark && made(votes, method, () => mark.around(method));
}

/** The step as one attempt sees it, whose time may be over before the step's. */
function attemptOf(step: StepScope, running: Running): StepScope {
  return Object.create(step, { signal: { get: () => running.signal } }) as StepScope;
}

/** What is wrong with the policies of a method, as far as they name other methods or stand twice. */
export function policyProblems(type: Class, subject: string, { marks }: Method): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [i, mark] of marks.policies.entries()) {
    const same = marks.policies.slice(0, i).find(({ kind }) => kind === mark.kind);
    if (same) problems.push({ subject, cause: `It has ${same.shown} and ${mark.shown}.`, remedy: 'Keep one of them.' });
    const { needs } = mark;
    if (needs && !marks.policies.some(({ kind }) => kind === needs.kind)) {
      problems.push({ subject, cause: `It has ${mark.shown}. ${needs.cause}`, remedy: needs.remedy });
    }
    for (const reference of mark.references) {
      const handler = handlerOf(type, reference, Infinity);
      if (!('name' in handler)) problems.push({ subject, ...handler });
    }
  }
  return problems;
}

/** Calls a method of the object whose call it is, by its name: an override applies. */
export function calling(type: Class, subject: string, reference: MethodReference): (...given: never[]) => unknown {
  const handler = handlerOf(type, reference, Infinity);
  if (!('name' in handler)) throw new ConfigurationError([{ subject, ...handler }]);
  return (...given) => {
    const { instance } = frameOf(currentScope()) as Frame;
    return (instance as Record<string, (...args: never[]) => unknown>)[handler.name]?.(...given);
  };
}
