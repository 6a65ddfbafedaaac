import { ConfigurationError, currentScope, runInScope } from '@redress/core';
import type { Body, Call, Chain, Running, StepScope } from '@redress/core';
import { isReadOnly, readOnly } from './checkpoints.js';
import { inMarkedClass } from './class-marks.js';
import { frameOf } from './frame.js';
import type { Frame } from './frame.js';
import { handlerOf } from './handler.js';
import type { Class, Method, MethodReference, VoteOf } from './registry.js';

/** Whether a mark of its own may stand around it. */
export const hasOwnPolicies = ({ marks }: Method): boolean =>
  marks.retry.length + marks.policies.length + marks.redundant.length + marks.checkpointed.length > 0;

/** Whether something may stand around it, wherever its mark is. */
export const hasPolicies = (method: Method, instance: object): boolean => hasOwnPolicies(method) || inMarkedClass(instance);

/** Runs the body with everything that is in force. */
export const protectedBy = (chain: Chain | undefined, call: Call, body: Body): Promise<unknown> =>
  // As a chain would: what is thrown at once is rejected as well.
  chain ? chain(call, body) : (async () => body(call))();

/** The method's own body, once for each attempt, in a scope that tells it of that attempt. */
export function bodyOf(frame: Frame, call: Call, raw = frame.marked.raw): Body {
  const { instance, marked, retries } = frame;
  // From the call, whose arguments a repair may have replaced.
  const plain = (): unknown => raw.apply(instance, [...call.args]);
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
  if (!mark) return undefined;
  const known = votes.get(method) ?? mark.around(method);
  votes.set(method, known);
  return known;
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
