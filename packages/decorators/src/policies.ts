import { compose, ConfigurationError, currentScope, retry, runInScope } from '@redress/core';
import type { Body, Call, Chain, Environment, Policy, Running, StepScope } from '@redress/core';
import { isReadOnly, readOnly, scoped } from './checkpoints.js';
import { frameOf } from './frame.js';
import type { Frame } from './frame.js';
import { handlerOf } from './handler.js';
import { policyProblems } from './policy-problems.js';
import type { Class, Method, MethodReference, VoteOf } from './registry.js';
import { surroundingsOf } from './surroundings.js';

export const hasPolicies = ({ marks }: Method): boolean =>
  marks.retry.length + marks.policies.length + marks.redundant.length + marks.checkpointed.length > 0;

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
    const repeated = method.marks.retry.map(({ policy }): Policy => retry(policy));
    const all = [...repeated, ...method.marks.policies.map((mark) => mark.make(type, subject, around))];
    if (method.marks.checkpointed.length === 0) return compose(all, environment, subject);
    // A fallback sees the state as it was before the call, and every attempt begins with it.
    const [outer, inner] = [all.filter(({ kind }) => kind === 'fallback'), all.filter(({ kind }) => kind !== 'fallback')];
    const within = scoped(method, compose(inner, environment, subject), repeats(method));
    const outermost = compose(outer, environment, subject);
    return (call, body) => outermost(call, () => within(call, body));
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
  const plain = (): unknown => marked.raw.apply(instance, [...call.args]);
  const own = (): Promise<unknown> => (isReadOnly(marked) ? readOnly(marked, instance, plain) : plain()) as Promise<unknown>;
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

const votes = new WeakMap<Method, VoteOf>();

/** Each attempt is a vote of its own. */
export function voteOf(method: Method): VoteOf | undefined {
  const [mark] = method.marks.redundant;
  return mark && made(votes, method, () => mark.around(method));
}

/** The step as one attempt sees it, whose time may be over before the step's. */
function attemptOf(step: StepScope, running: Running): StepScope {
  return Object.create(step, { signal: { get: () => running.signal } }) as StepScope;
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
