import type {
  Chain,
  Durability,
  Intercepting,
  Interceptor,
  Matcher,
  Policy,
  RetryOptions,
  RetryPolicy,
  Schema,
  Tags,
  UndoPolicy,
} from '@redress/core';

import type { Surroundings } from './surroundings.js';

export type Body = (this: object, ...args: unknown[]) => unknown;
export type Class<T = object> = abstract new (...args: never[]) => T;

/** What each decorator wrote down. `shown` is the decorator as the programmer wrote it, for sentences. */
export interface SagaMark {
  readonly shown: string;
  readonly id?: (...args: never) => string;
  readonly tags?: (...args: never) => Tags;
  readonly name?: string;
  readonly version: number;
  readonly requires?: Durability;
  readonly input?: Schema;
  readonly deadlineMs?: number;
  readonly retentionMs?: number;
}

export interface StepMark {
  readonly shown: string;
  readonly name?: string;
  readonly refusedOn: readonly Matcher[];
  readonly repeatable: boolean;
  readonly readOnly: boolean;
  readonly irreversible?: string;
  readonly pivot?: true;
  readonly probe?: MethodReference;
  readonly compensateRefused?: true;
  readonly fatal?: true;
}

/** A method of the class, as `(self: TheClass) => self.method`. */
export interface MethodReference {
  readonly shown: string;
  readonly reference: (self: never) => unknown;
}

export interface UndoMark extends MethodReference {
  readonly policy: UndoPolicy;
  readonly alternate?: MethodReference;
}

export interface RetryMark {
  readonly shown: string;
  readonly policy: RetryPolicy;
  /** As they were written: what a configuration puts others in the place of. */
  readonly options: RetryOptions;
}

export interface RedundantMark {
  readonly shown: string;
  /** Made once for each method that has the mark. */
  readonly around: (method: Method) => VoteOf;
}

/** The vote around the calls of a method on this object. */
export interface VoteOf {
  (instance: object): Interceptor;
  /** Its replicas, where each is somebody: copies of one method are not. */
  readonly desk?: (instance: object) => Quarantine;
}

/** Replicas that are not asked any more, by name, and what takes one back. */
export interface Quarantine {
  readonly quarantined: readonly string[];
  /** Asks it again. False when it was not in quarantine. @throws ConfigurationError when there is none of this name. */
  release(replica: string): boolean;
}

/** Options by their names. */
export type Options = Readonly<Record<string, unknown>>;

/** A policy whose state belongs to one class and runtime: it is made for each. */
export interface PolicyMark {
  readonly shown: string;
  readonly kind: string;
  /** `type`: the class of the objects that it is made for; `configured`: options in place of those that were written; `around`: what it may have of their runtime. */
  readonly make: (type: Class, subject: string, configured?: Options, around?: Surroundings) => Policy | Intercepting;
  /** Methods that it calls. */
  readonly references: readonly MethodReference[];
  /** Another policy that has to stand beside it, and what for. */
  readonly needs?: { readonly kind: string; readonly cause: string; readonly remedy: string };
  /** It may repeat the call. Default: it does not. */
  readonly repeats?: boolean;
}

export interface CheckpointedMark {
  readonly shown: string;
  /** A checkpoint is taken before its caller has the answer. */
  readonly after: boolean;
  /** The scope of a call, around what stands within it; `repeats`: each attempt begins with the state of the call's beginning. */
  readonly around: (method: Method, inner: Chain, repeats: boolean) => Chain;
}

export interface Marks {
  readonly saga: SagaMark[];
  readonly step: StepMark[];
  readonly compensate: UndoMark[];
  readonly retry: RetryMark[];
  readonly policies: PolicyMark[];
  readonly redundant: RedundantMark[];
  readonly checkpointed: CheckpointedMark[];
  readonly readOnly: { readonly shown: string }[];
}

/** A marked method: its own body, and the redirect that stands on the prototype in its place. */
export interface Method {
  readonly key: string;
  readonly raw: Body;
  readonly redirect: Body;
  readonly marks: Marks;
  /** Whether it returns promises: known of `async` methods and of those with a mark, else learned from its calls. */
  isAsync: boolean | undefined;
  /** The prototype on which it was declared. With standard decorators not known before the first instance. */
  home: object | undefined;
}

/** Why a method cannot have all of these policies. */
export function clashOf({
  policies,
  redundant,
}: {
  readonly policies: readonly PolicyMark[];
  readonly redundant: readonly RedundantMark[];
}): { cause: string; remedy: string } | undefined {
  const hedge = policies.find(({ kind }) => kind === 'hedge');
  const [vote] = redundant;
  if (!hedge || !vote) return undefined;
  return { cause: `It has ${hedge.shown} and ${vote.shown}, and both make copies of a call.`, remedy: 'Keep one of them.' };
}

interface Shared {
  readonly methods: WeakMap<object, Method>;
  readonly homes: WeakMap<object, Map<string, Method>>;
  readonly classes: Set<Class>;
  /** Makes the redirect of a method that has no mark itself. */
  create?: (key: string, raw: Body) => Method;
}

// One for the life of the process, also when two copies of this package are loaded: they must see the same marks.
const KEY = Symbol.for('redress.marks/1');
const holder = globalThis as unknown as Record<symbol, Shared | undefined>;

export const shared: Shared = (holder[KEY] ??= {
  methods: new WeakMap(),
  homes: new WeakMap(),
  classes: new Set(),
});

/** The object's prototypes, nearest first, without `Object.prototype`. */
export function* prototypes(object: object): Generator<object> {
  let prototype: object | null = Object.getPrototypeOf(object) as object | null;
  while (prototype !== null && prototype !== Object.prototype) {
    yield prototype;
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
}

/** The class whose prototype this is. */
export function classOf(prototype: object): Class | undefined {
  const own = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value as Class | undefined;
  return typeof own === 'function' && own.prototype === prototype ? own : undefined;
}

/** Writes down where a method was declared, and with that its class. */
export function settle(method: Method, home: object): void {
  method.home ??= home;
  const known = shared.homes.get(home) ?? new Map<string, Method>();
  if (!known.has(method.key)) shared.homes.set(home, known.set(method.key, method));
  const type = classOf(home);
  if (type) shared.classes.add(type);
}

/** All marked methods of a class, inherited ones included; of those with one name the nearest. */
export function methodsOf(type: Class): ReadonlyMap<string, Method> {
  const found = new Map<string, Method>();
  for (const prototype of [type.prototype as object, ...prototypes(type.prototype as object)]) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      const method = typeof value === 'function' ? shared.methods.get(value as object) : undefined;
      if (method && !shared.homes.get(prototype)?.has(key)) settle(method, prototype);
    }
    for (const [key, method] of shared.homes.get(prototype) ?? []) if (!found.has(key)) found.set(key, method);
  }
  return found;
}
