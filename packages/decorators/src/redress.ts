import { ConfigurationError, createRuntime } from '@redress/core';
import type { Problem, Runtime, RuntimeOptions } from '@redress/core';
import { createApp } from './app.js';
import type { App } from './app.js';
import { Binding } from './binding.js';
import type { Entry } from './binding.js';
import type { Container, Token } from './container.js';
import { configure, Overrides } from './configuration.js';
import type { Configuration } from './configuration.js';
import { configurationProblems } from './configured.js';
import { begin, own } from './find.js';
import { methodsOf, shared } from './registry.js';
import type { Class } from './registry.js';

/** A class, or a class with the token that it is registered under by `useClass` or `useFactory`. */
export type ClassEntry = Class | { readonly class: Class; readonly token: Token };

export interface RedressOptions extends Omit<RuntimeOptions, 'sagas' | 'steps'> {
  /** Finds the objects on which recovered runs and undos are called. */
  readonly container?: Container;
  /**
   * The classes of this runtime. Default: every class with a mark that is loaded, also later; with standard decorators
   * a class is known after its first object was made, so list it here.
   */
  readonly classes?: readonly ClassEntry[];
  /** Objects to use without a container, one of each class. Their classes need not be listed. */
  readonly instances?: readonly object[];
  /** Options of policies in place of those that stand at the decorators. Default: none. */
  readonly configuration?: Configuration;
}

/**
 * Opens a runtime for marked classes: checks all of them, then looks for runs that were left unfinished.
 * @throws ConfigurationError with all problems at once.
 */
export async function redress(options: RedressOptions): Promise<App> {
  const { container, classes, instances, configuration, ...rest } = options;
  const binding = new Binding(rest.store?.durability ?? 'process', container, !classes && !instances);
  const problems: Problem[] = [];
  const entries = [...listed(classes ?? []), ...handedIn(binding, instances ?? [], problems)];
  const every = (classes ?? instances) ? entries : [...shared.classes].map((type) => ({ type }));
  const taken = binding.take(every, !binding.open);
  problems.push(...unmarked(entries), ...taken.problems);
  const overrides = configuration && new Overrides(configuration);
  if (configuration && overrides && taken.problems.length === 0) {
    problems.push(...configurationProblems(configuration, overrides, [...new Set(every.map(({ type }) => type))]));
  }
  const found = container ? resolveAll(container, entries, problems) : [];
  const runtime = open({ ...rest, ...taken.parts }, problems);
  if (overrides) configure(runtime.environment, overrides);
  begin(binding, runtime);
  for (const instance of [...found, ...(instances ?? [])]) own(binding, instance);
  return createApp(runtime, binding);
}

function listed(classes: readonly ClassEntry[]): readonly Entry[] {
  return classes.map((one) => (typeof one === 'function' ? { type: one } : { type: one.class, token: one.token }));
}

function handedIn(binding: Binding, instances: readonly object[], problems: Problem[]): readonly Entry[] {
  const entries = new Map<Class, Entry>();
  for (const instance of instances) {
    const type = instance.constructor as Class;
    if (entries.has(type) && !binding.container) {
      problems.push({
        subject: type.name,
        cause: 'Two objects of it were handed in, and nothing says on which one a step is undone.',
        remedy: `Hand in one, or call bind(app, ${type.name}, () => theObject).`,
      });
    }
    entries.set(type, binding.container ? { type } : { type, resolve: () => instance });
  }
  return [...entries.values()];
}

function unmarked(entries: readonly Entry[]): readonly Problem[] {
  return entries.flatMap(({ type }) =>
    methodsOf(type).size > 0
      ? []
      : [
          {
            subject: type.name,
            cause: 'It was listed, and none of its methods has a mark.',
            remedy: 'Mark a method with @Saga, @Step, @Compensate or @Retry, or leave it out.',
          },
        ],
  );
}

function resolveAll(container: Container, entries: readonly Entry[], problems: Problem[]): readonly object[] {
  return entries.flatMap(({ type, token }) => {
    try {
      const found = container.resolve((token ?? type) as never);
      if (found instanceof type) return [found];
      problems.push({
        subject: type.name,
        cause: 'The container answers with no object of this class.',
        remedy: 'Register the class, or list it with its token: { class, token }.',
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.push({
        subject: type.name,
        cause: `The container cannot resolve it: ${why}`,
        remedy: 'Register it, and write @inject(Token) at each parameter of its constructor.',
      });
    }
    return [];
  });
}

/** Nothing is started while there is a problem; the other options are still checked, so that all is said at once. */
function open(options: RuntimeOptions, problems: readonly Problem[]): Runtime {
  if (problems.length === 0) return createRuntime(options);
  try {
    void createRuntime({ ...options, worker: false }).stop();
  } catch (error) {
    if (error instanceof ConfigurationError) throw new ConfigurationError([...problems, ...error.problems]);
  }
  throw new ConfigurationError(problems);
}
