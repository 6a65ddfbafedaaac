import { createEnvironment } from '../base/environment.js';
import type { Environment } from '../base/environment.js';
import { ConfigurationError } from '../base/errors.js';
import type { Call, Interceptor } from '../base/interceptor.js';
import { planOf } from './options.js';
import type { Plan, RedundantOptions } from './options.js';
import { Quarantine } from './quarantine.js';
import { currentScope } from '../base/scope.js';
import { copiesOf, namedReplicas, stepCall } from './replica.js';
import type { Replica, ReplicaSource } from './replica.js';
import type { VoteResult } from './redundant-types.js';
import { Round } from './round.js';
import type { Ask, Desk } from './round.js';

/** A function that asks several replicas and answers what they vote for. */
export interface Redundant<A extends readonly unknown[], R> {
  (...args: A): Promise<R>;
  /** The same, with what each replica said. */
  vote(args: A, options?: { readonly signal?: AbortSignal }): Promise<VoteResult<R>>;
  /** Names of the replicas that are not asked any more: see `quarantineAfter`. */
  readonly quarantined: readonly string[];
  /** Asks this replica again. False when it was not in quarantine. @throws ConfigurationError when there is none of this name. */
  release(replica: string): boolean;
  /** Around other calls: each is given to the replicas instead of to its own body. */
  readonly interceptor: Interceptor;
}

let standard: Environment | undefined;

/**
 * Asks all `replicas` the same and answers what most of them say, counted against all that are configured: one answer of three
 * is no majority. Decides as soon as the rest cannot change it. Each replica runs as a step of its own: it shares the key
 * with the others and has a signal of its own.
 * @throws ConfigurationError when options do not fit. The calls throw NoConsensusError; a declared error that won.
 */
export function redundant<A extends readonly unknown[], R>(
  replicas: readonly ReplicaSource<A, R>[],
  options: RedundantOptions<NoInfer<R>> & { readonly name?: string } = {},
  environment?: Environment,
): Redundant<A, R> {
  const { name = 'redundant', ...rest } = options;
  const named = namedReplicas(replicas) as readonly Replica[];
  const desk = deskOf(name, named, rest as RedundantOptions);
  const around = interceptorOf(desk, named, environment);
  const vote = (args: A, { signal }: { readonly signal?: AbortSignal } = {}): Promise<VoteResult<R>> =>
    around(callOf(name, args, signal), () => Promise.resolve()) as Promise<VoteResult<R>>;
  const call = async (...args: A): Promise<R> => (await vote(args)).value;
  const verbs = {
    vote,
    release: (replica: string) => desk.quarantine.release(indexOf(name, desk.names, replica)),
    interceptor: (async (one, next) => (await around(one, next)).value) satisfies Interceptor,
  };
  Object.assign(call, verbs);
  Object.defineProperty(call, 'quarantined', { get: () => desk.quarantine.members.map((index) => desk.names[index]) });
  return call as Redundant<A, R>;
}

/**
 * Makes each call `replicas` times at once and lets the answers vote: for what wraps a method. A repetition outside of it
 * repeats the whole vote; what stands inside is done for each copy.
 * @throws ConfigurationError when options do not fit; `subject` names the method.
 */
export function redundancy(
  replicas: number,
  options: RedundantOptions & { readonly name?: string } = {},
  environment?: Environment,
): Interceptor {
  const { name = 'redundancy', ...rest } = options;
  if (rest.quarantineAfter) {
    const cause = 'Copies of one call are nobody who could be kept out.';
    throw new ConfigurationError([{ subject: `${name}, quarantineAfter`, cause, remedy: 'Leave it out, or name the replicas.' }]);
  }
  const copies = copiesOf(Number.isInteger(replicas) && replicas > 0 ? replicas : 0, () => undefined);
  const around = interceptorOf(deskOf(name, copies, rest), undefined, environment);
  return async (call, next) => (await around(call, next)).value;
}

function deskOf(subject: string, replicas: readonly Replica[], options: RedundantOptions): Desk {
  const names = replicas.map((one) => one.name);
  const plan = planOf(subject, names.length, options);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (twice !== undefined) {
    const cause = `Two of them are called "${twice}".`;
    throw new ConfigurationError([{ subject: `${subject}, replicas`, cause, remedy: 'Give each a name of its own.' }]);
  }
  return { plan, names, quarantine: new Quarantine(names.length, plan.quarantineAfter, (out) => canWin(plan, names.length, out)) };
}

/** Whether a vote could still be won when these replicas are not asked. */
function canWin({ voter }: Plan, n: number, out: ReadonlySet<number>): boolean {
  if (out.size >= n) return false;
  const votes = Array.from({ length: n }, (_, index) => (out.has(index) ? ({ kind: 'blank' } as const) : undefined));
  return voter.judge({ votes, ballots: [undefined], arrived: [...out], distance: () => Infinity }) === undefined;
}

function interceptorOf(desk: Desk, replicas: readonly Replica[] | undefined, own: Environment | undefined) {
  return (call: Call, next: () => Promise<unknown>): Promise<VoteResult> => {
    try {
      for (const replica of replicas ?? []) replica.check?.(call.args);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    const environment = own ?? call.environment ?? (standard ??= createEnvironment());
    const ask: Ask = (index, copy) => (replicas ? (replicas[index] as Replica).answer(call.args, copy) : next());
    return new Round(desk, call, environment, ask).run();
  };
}

/** A call that is made in a step is a part of it: the step is told of each replica, and what ends the step ends the vote. */
function callOf(operation: string, args: readonly unknown[], signal: AbortSignal | undefined): Call {
  const step = stepCall(currentScope());
  if (!step) return { operation, args, signal, attempt: 1 };
  return {
    operation,
    args,
    signal: signal ? AbortSignal.any([signal, step.signal]) : step.signal,
    attempt: step.attempt,
    onAttemptFailed: (error) => step.onAttemptFailed?.(error),
    mayGoOn: () => step.mayGoOn?.() !== false,
    ...(step.environment && { environment: step.environment }),
  };
}

function indexOf(subject: string, names: readonly string[], replica: string): number {
  const index = names.indexOf(replica);
  if (index !== -1) return index;
  throw new ConfigurationError([
    { subject, cause: `It has no replica "${replica}".`, remedy: `There are ${names.map((one) => `"${one}"`).join(', ')}.` },
  ]);
}
