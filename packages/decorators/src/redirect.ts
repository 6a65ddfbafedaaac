import { currentScope, PolicyError } from '@redress/core';
import type { Call, Operation, PassScope, Scope, StepScope } from '@redress/core';
import { unusable } from './binding.js';
import { bindingOf, findBinding } from './find.js';
import { isReadOnly, readOnly } from './checkpoints.js';
import { frameOf, inFrame, isSuper, runBody } from './frame.js';
import type { Frame } from './frame.js';
import { bodyOf, hasOwnPolicies, hasPolicies, protectedBy } from './policies.js';
import { protectionOf } from './protection.js';
import type { Body, Class, Method } from './registry.js';
import { plainScope } from './step-scope.js';

/** What stands on the prototype in place of a marked method: finds out where the call comes from, and passes it on. */
export function dispatch(method: Method, instance: object, args: unknown[]): unknown {
  const { saga, step, compensate } = method.marks;
  const scope = currentScope();
  if (scope && isSuper(frameOf(scope), instance, method)) return method.raw.apply(instance, args);
  if (saga.length > 0) return runSaga(method, instance, args, scope);
  if (scope?.pass && !scope.step && step.length + compensate.length > 0) return runStep(method, instance, args, scope.pass as PassScope);
  if (!hasPolicies(method, instance)) return plainly(method, instance, args);
  // In the body of a saga a class's marks concern its steps: what calls steps is not repeated behind the journal's back.
  if (!hasOwnPolicies(method) && scope?.pass && !scope.step) return plainly(method, instance, args);
  return method.isAsync ? promised(() => runPlain(method, instance, args, scope)) : runLearning(method, instance, args, scope);
}

function plainly(method: Method, instance: object, args: unknown[], raw = method.raw): unknown {
  const call = (): unknown => raw.apply(instance, args);
  return isReadOnly(method) ? readOnly(method, instance, call) : call();
}

/** The chain's own promise, and no other around it: `recoveryInfo` knows answers by it. Nothing is thrown at once. */
function promised(run: () => unknown): Promise<unknown> {
  try {
    return Promise.resolve(run());
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/**
 * A method that a mark at its class concerns, and that is not `async`: its answers say whether it returns promises. One
 * that does not is left alone from its first call on. Nothing has been counted before that, so its body begins in this very
 * turn.
 */
function runLearning(method: Method, instance: object, args: unknown[], scope: Scope | undefined): unknown {
  if (method.isAsync === false) {
    const answer = plainly(method, instance, args);
    if (isPromise(answer)) method.isAsync = true;
    return answer;
  }
  let first: { readonly value: unknown } | { readonly thrown: unknown } | undefined;
  let isWanted = true;
  const raw: Body = function (...given) {
    try {
      const value = method.raw.apply(this, given);
      first ??= { value };
      return value;
    } catch (thrown) {
      first ??= { thrown };
      throw thrown;
    }
  };
  const promise = promised(() => runPlain(method, instance, args, scope, { raw, isWanted: () => isWanted }));
  if (!first || ('value' in first && isPromise(first.value))) {
    if (first) method.isAsync = true;
    return promise;
  }
  // Nobody waits for the promise, and nothing is repeated or answered in its place.
  isWanted = false;
  promise.catch(() => undefined);
  method.isAsync = false;
  if ('thrown' in first) throw first.thrown;
  return first.value;
}

const isPromise = (value: unknown): boolean => typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';

async function runSaga(method: Method, instance: object, args: unknown[], scope: Scope | undefined): Promise<unknown> {
  const subject = subjectOf(method, instance);
  const binding = bindingOf(instance, subject);
  const saga = binding.saga(instance, method);
  const body = (_run: unknown, copy: readonly unknown[]): Promise<unknown> => runBody(method, instance, copy);
  const pass = scope?.step ? undefined : (scope?.pass as PassScope | undefined);
  // A saga that a saga calls is a step of it.
  if (pass?.isOpen) return pass.child(saga, args, body);
  const id = scope?.step?.saga === undefined || saga.idOf ? {} : { id: derivedId(scope.step, saga.name) };
  return binding.runtime.run(saga, args, { body, ...id });
}

const started = new WeakMap<StepScope, Map<string, number>>();

/** A saga that a step starts is a run of its own. Without an id it gets one from the step's key: a repeated step meets it again. */
function derivedId(scope: StepScope, saga: string): string {
  const counts = started.get(scope) ?? new Map<string, number>();
  started.set(scope, counts);
  const count = (counts.get(saga) ?? 0) + 1;
  counts.set(saga, count);
  return count === 1 ? `of ${scope.key}` : `of ${scope.key}#${count}`;
}

function runStep(method: Method, instance: object, args: unknown[], pass: PassScope): Promise<unknown> {
  let operation: Operation;
  try {
    operation = bindingOf(instance, subjectOf(method, instance), pass.runtime).operation(instance, method);
  } catch (error) {
    return Promise.reject(error as Error);
  }
  // The engine's own promise, and no other around it: it knows of steps that nobody awaits.
  return pass.step(operation, args, async (_args, call) => {
    const { chain, repeats } = protectionOf(method, instance.constructor as Class, pass.runtime.environment);
    const frame: Frame = { instance, method: method.key, marked: method, call, retries: repeats };
    return inFrame(frame, {}, () => protectedBy(chain, call, bodyOf(frame, call)));
  });
}

/** How a sentence names the call. @throws ConfigurationError when the method was taken off its object. */
function subjectOf(method: Method, instance: unknown): string {
  if (typeof instance === 'object' && instance !== null) return `${instance.constructor.name}.${method.key}`;
  throw unusable(
    'CONFIG_NO_INSTANCE',
    method.key,
    'It was called without its object.',
    'Call it on the object, or bind it: this.method.bind(this).',
  );
}

/** A call that nothing records: outside of sagas, within a step, or of a method that is no step. */
function runPlain(
  method: Method,
  instance: object,
  args: unknown[],
  scope: Scope | undefined,
  probe?: { readonly raw: Body; readonly isWanted: () => boolean },
): unknown {
  const outer = frameOf(scope);
  const environment = (scope?.pass as PassScope | undefined)?.runtime.environment ?? findBinding(instance)?.runtime.environment;
  const { chain, retry, policies, repeats } = protectionOf(method, instance.constructor as Class, environment);
  // The outermost call that repeats owns the repetitions.
  const isWithin = outer?.retries === true && retry?.nested !== 'allow';
  const { redundant, checkpointed } = method.marks;
  if (isWithin && policies.length + redundant.length + checkpointed.length === 0) return plainly(method, instance, args, probe?.raw);
  const call: Call = {
    operation: subjectOf(method, instance),
    args,
    // A signal costs more than the call: the step's is made when somebody asks for it.
    get signal() {
      return scope?.step?.signal;
    },
    attempt: 1,
    get repeatable() {
      return probe?.isWanted() !== false && outer?.call?.repeatable !== false && method.marks.step.every((one) => one.repeatable);
    },
    // The step around it must hear of attempts whose outcome nobody learned.
    onAttemptFailed: (error) => {
      if (!(error instanceof PolicyError && error.isRejectionOf(call))) outer?.call?.onAttemptFailed?.(error);
    },
    ...(environment && { environment }),
    ...(probe && { mayGoOn: probe.isWanted }),
  };
  const frame: Frame = { instance, method: method.key, marked: method, call, retries: repeats || outer?.retries === true };
  const more: Scope = { ...(isWithin && { repeats: true }), ...(!scope?.step && !scope?.pass && { step: plainScope(call, environment) }) };
  return (call.told = inFrame(frame, more, () => protectedBy(chain, call, bodyOf(frame, call, probe?.raw))));
}
