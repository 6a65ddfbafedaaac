import { ConfigurationError } from '@redress/core';
import type { Durability, Operation, Problem, Runtime, SagaDefinition } from '@redress/core';
import { compile } from './compile.js';
import type { Compiled } from './compile.js';
import type { Container, Token } from './container.js';
import { classOf, prototypes, shared } from './registry.js';
import type { Class, Method } from './registry.js';

/** A class to take in, and where its object is found: under its token in the container, or by a function. */
export interface Entry {
  readonly type: Class;
  readonly token?: Token;
  readonly resolve?: () => object;
}

export interface Parts {
  readonly sagas: readonly SagaDefinition[];
  readonly steps: readonly Operation[];
}

/** The classes that one runtime knows, compiled, and where their objects are found. */
export class Binding {
  readonly #known = new Map<Class, Compiled>();
  readonly #named = new Set<Class>();
  readonly #places = new Map<Class, Entry>();
  readonly #names = new Map<string, string>();
  #found = new WeakMap<object, Map<Method, Operation | SagaDefinition>>();
  #runtime: Runtime | undefined;
  #onResolved: (instance: object) => void = () => {};

  constructor(
    readonly durability: Durability,
    readonly container: Container | undefined,
    /** Takes in marked classes that nobody named, when they are met. */
    readonly open: boolean,
  ) {}

  get runtime(): Runtime {
    return this.#runtime as Runtime;
  }

  /** Gives it the runtime whose classes these are. `onResolved`: told of each object that the container resolves. */
  attach(runtime: Runtime, onResolved: (instance: object) => void): void {
    this.#runtime = runtime;
    this.#onResolved = onResolved;
  }

  /** Takes classes in, unless something is wrong: then none. `named`: somebody listed them for this runtime. */
  take(entries: readonly Entry[], named: boolean): { readonly parts: Parts; readonly problems: readonly Problem[] } {
    const fresh = [...new Set(entries.map(({ type }) => type))].filter((type) => !this.#known.has(type));
    const compiled = fresh.map((type) => compile(type, () => this.resolve(type), this.durability));
    const problems = [...compiled.flatMap((one) => one.problems), ...this.#twice(compiled)];
    if (problems.length > 0) return { parts: { sagas: [], steps: [] }, problems };
    for (const one of compiled) this.#known.set(one.type, one);
    for (const [name, subject] of compiled.flatMap(namesOf)) this.#names.set(name, subject);
    for (const entry of entries) this.#place(entry, named);
    return {
      parts: { sagas: compiled.flatMap((one) => [...one.sagas.values()]), steps: compiled.flatMap((one) => [...one.steps.values()]) },
      problems,
    };
  }

  /** Takes classes in while the runtime runs. @throws ConfigurationError with all problems. */
  adopt(entries: readonly Entry[], named: boolean): void {
    const { parts, problems } = this.take(entries, named);
    if (problems.length > 0) throw new ConfigurationError(problems);
    if (parts.sagas.length + parts.steps.length > 0) this.runtime.register(parts);
  }

  /** The object on which a recovered run or an undo is called. @throws when it cannot be had in this process. */
  resolve(type: Class): object {
    const place = this.#places.get(type);
    if (!place?.resolve && !this.container) {
      throw unusable('CONFIG_NO_INSTANCE', type.name, 'Nothing says where to find its object.', BIND(type.name));
    }
    const found = place?.resolve ? place.resolve() : this.container?.resolve((place?.token ?? type) as never);
    if (typeof found === 'object' && found !== null) return found;
    throw unusable('CONFIG_NO_INSTANCE', type.name, `No object was found, but ${String(found)}.`, BIND(type.name));
  }

  /** Whether the object's class, or one that it extends, was listed for this runtime. */
  names(instance: object): boolean {
    return typesOf(instance).some((type) => this.#named.has(type));
  }

  /** Whether `resolve` stands for one object, handed in as such. */
  instanceOf(type: Class): object | undefined {
    const place = this.#places.get(type);
    return place?.resolve && !this.container ? place.resolve() : undefined;
  }

  /** @throws ConfigurationError when the class is unknown here, or an undo would reach an object of another class. */
  operation(instance: object, method: Method): Operation {
    const operation = this.#lookup(instance, method, (one) => one.steps.get(method.key)) as Operation;
    if (operation.compensation && !this.container) this.#sameObject(instance, operation.name);
    return operation;
  }

  /** Without a container an undo reaches the object that was handed in: another one of its class must not act. */
  #sameObject(instance: object, subject: string): void {
    const type = typesOf(instance).find((one) => this.#known.has(one));
    const only = type && this.instanceOf(type);
    if (!type || !only || only === instance || only !== this.instanceOf(type)) return;
    throw unusable(
      'CONFIG_WRONG_INSTANCE',
      subject,
      'It was called on another object than the one that was handed in, and its undo would reach that one.',
      `Call it on that object, or say where to find each one: bind(app, ${type.name}, () => theObject).`,
    );
  }

  /** @throws ConfigurationError when the class is unknown here, or a recovery would reach an object of another class. */
  saga(instance: object, method: Method): SagaDefinition {
    return this.#lookup(instance, method, (one) => one.sagas.get(method.key)) as SagaDefinition;
  }

  /** The saga of a class's method, by name. */
  sagaOf(type: Class, key: string): SagaDefinition {
    if (this.open && !this.#known.has(type) && shared.classes.has(type)) this.adopt([{ type }], false);
    const saga = this.#known.get(type)?.sagas.get(key);
    if (saga) return saga;
    throw unusable('CONFIG_UNKNOWN_CLASS', `${type.name}.${key}`, 'It is no saga that this runtime knows.', LIST(type.name));
  }

  #lookup(instance: object, method: Method, pick: (one: Compiled) => Operation | SagaDefinition | undefined): Operation | SagaDefinition {
    const prototype = Object.getPrototypeOf(instance) as object;
    const seen = this.#found.get(prototype)?.get(method);
    if (seen) return seen;
    const known = this.#nearest(instance);
    const subject = `${instance.constructor.name}.${method.key}`;
    const found = known && pick(known);
    if (!known || !found) {
      throw unusable('CONFIG_UNKNOWN_CLASS', subject, 'The class is not known to this runtime.', LIST(instance.constructor.name));
    }
    if (known.methods.get(method.key) !== method) {
      throw unusable(
        'CONFIG_WRONG_CLASS',
        subject,
        'The method of a base class was called past its override.',
        'Call it with super inside of the override, or by this.',
      );
    }
    // What has nothing to undo needs no object later.
    if ('body' in found || found.compensation) this.#sameClass(known.type, instance, subject);
    const row = this.#found.get(prototype) ?? new Map<Method, Operation | SagaDefinition>();
    this.#found.set(prototype, row.set(method, found));
    return found;
  }

  /** Otherwise an undo, or a recovery, would later run on an object of another class than this one. */
  #sameClass(type: Class, instance: object, subject: string): void {
    let resolved: object;
    try {
      resolved = this.resolve(type);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw unusable('CONFIG_NO_INSTANCE', subject, `Its undo or recovery could not find the object: ${why}`, BIND(type.name), cause);
    }
    if (Object.getPrototypeOf(resolved) === Object.getPrototypeOf(instance)) return;
    throw unusable(
      'CONFIG_WRONG_CLASS',
      subject,
      `It was called on an object of the class ${instance.constructor.name}, and its undo or recovery would reach one of ${resolved.constructor.name}.`,
      `List ${instance.constructor.name} in "classes", with its token if it has one: { class: ${instance.constructor.name}, token: … }.`,
    );
  }

  #nearest(instance: object): Compiled | undefined {
    const types = typesOf(instance);
    const fresh = this.open ? types.filter((type) => shared.classes.has(type) && !this.#known.has(type)) : [];
    if (fresh.length > 0)
      this.adopt(
        fresh.map((type) => ({ type })),
        false,
      );
    const type = types.find((one) => this.#known.has(one));
    return type && this.#known.get(type);
  }

  #place(entry: Entry, named: boolean): void {
    const { type, token, resolve } = entry;
    if (named) this.#named.add(type);
    if (token !== undefined || resolve || !this.#places.has(type)) this.#places.set(type, entry);
    this.#found = new WeakMap();
    if (resolve) return;
    // It fires at each resolution, and with an array when all objects of a token are asked for.
    this.container?.afterResolution?.(
      (token ?? type) as never,
      (_token, result) => {
        for (const one of Array.isArray(result) ? result : [result]) this.#onResolved(one as object);
      },
      { frequency: 'Always' },
    );
  }

  #twice(compiled: readonly Compiled[]): readonly Problem[] {
    const names = new Map(this.#names);
    return compiled.flatMap(namesOf).flatMap(([name, subject, stable]) => {
      const other = names.get(name);
      names.set(name, subject);
      if (other === undefined) return [];
      return [
        {
          subject,
          cause: `Its stable name "${stable}" is also that of ${other}.`,
          remedy: 'Give one of them another name, or list only the class whose objects exist in "classes".',
        },
      ];
    });
  }
}

function namesOf(one: Compiled): readonly (readonly [name: string, subject: string, stable: string])[] {
  return [
    ...[...one.sagas].map(([key, { name, version }]) => [`saga ${name} ${version}`, `${one.type.name}.${key}`, name] as const),
    ...[...one.steps].map(([key, { name }]) => [`step ${name}`, `${one.type.name}.${key}`, name] as const),
  ];
}

function typesOf(instance: object): readonly Class[] {
  return [...prototypes(instance)].map(classOf).filter((type) => type !== undefined);
}

const BIND = (name: string): string => `Hand redress() a container or instances, or call bind(app, ${name}, () => theObject).`;
const LIST = (name: string): string => `List it: redress({ classes: [${name}], … }), or call bind(app, ${name}, () => theObject).`;

/** One problem, met while running. */
export function unusable(code: string, subject: string, cause: string, remedy: string, error?: unknown): ConfigurationError {
  return new ConfigurationError([{ subject, cause, remedy }], { code, ...(error !== undefined && { cause: error }) });
}
