import type { Environment } from '@redress/core';
import { classOf, prototypes } from './registry.js';
import type { Class, Options, PolicyMark, RetryMark } from './registry.js';

/**
 * Options of policies in place of those that were written. Keys are those of MicroProfile: `Class/method/Retry/maxRetries`,
 * `Class/Retry/maxRetries`, `Retry/maxRetries`; the most special one holds. `enabled` is an option of each policy, and
 * `NonFallback/enabled` one of all but the fallback. Texts such as `'5'` and `'false'` are read.
 */
export type Configuration = Readonly<Record<string, unknown>>;

/** Names of policies in keys, by the kind of the policy. */
export const NAMES: Readonly<Record<string, string>> = {
  retry: 'Retry',
  timeout: 'Timeout',
  deadline: 'TotalTimeout',
  circuitBreaker: 'CircuitBreaker',
  bulkhead: 'Bulkhead',
  gate: 'InvocationBulkhead',
  rateLimit: 'RateLimit',
  fallback: 'Fallback',
  hedge: 'Hedge',
  detect: 'Detect',
  repair: 'Repair',
  recover: 'Recover',
};
export const MASTER = 'NonFallback/enabled';

const nameOf = (mark: RetryMark | PolicyMark): string => ('kind' in mark ? (NAMES[mark.kind] ?? mark.kind) : 'Retry');

/** A configuration, read. */
export class Overrides {
  /** Options by what stands before them in the key. */
  private readonly groups = new Map<string, Record<string, unknown>>();

  constructor(given: Configuration) {
    for (const [key, value] of Object.entries(given)) {
      // A variable of the environment that is not set.
      if (value === undefined) continue;
      const at = key.lastIndexOf('/');
      const group = this.groups.get(key.slice(0, at)) ?? {};
      this.groups.set(key.slice(0, at), group);
      group[key.slice(at + 1)] = readValue(key, value);
    }
  }

  /** Whether the policy is to stand there. */
  isOn(type: Class, method: string, mark: RetryMark | PolicyMark): boolean {
    const name = nameOf(mark);
    const standard = name === 'Fallback' || this.groups.get('NonFallback')?.['enabled'] !== false;
    return ((this.merged(type, method, name)['enabled'] as boolean | undefined) ?? standard) === true;
  }

  /** Options in place of those of the mark, if there are any. */
  optionsFor(type: Class, method: string, mark: RetryMark | PolicyMark): Options | undefined {
    const { enabled: _, ...options } = this.merged(type, method, nameOf(mark));
    return Object.keys(options).length > 0 ? options : undefined;
  }

  /** What is more special stands later: the class before its methods, and classes after those that they extend. */
  private merged(type: Class, method: string, name: string): Options {
    const line = lineOf(type).toReversed();
    const prefixes = [name, ...line.map((one) => `${one}/${name}`), ...line.map((one) => `${one}/${method}/${name}`)];
    return Object.assign({}, ...prefixes.map((prefix) => this.groups.get(prefix))) as Options;
  }
}

/** The names of a class and of those that it extends, nearest first. */
export function lineOf(type: Class): readonly string[] {
  const above = [...prototypes(type.prototype as object)].flatMap((prototype) => classOf(prototype) ?? []);
  return [type, ...above].map(({ name }) => name);
}

const LISTS = new Set(['retryOn', 'abortOn', 'failOn', 'skipOn', 'ignoreOn', 'applyOn', 'hedgeOn']);

/** What a text means: a configuration often comes from the process's environment. The answer of a fallback is what it is. */
export function readValue(key: string, value: unknown): unknown {
  const option = key.slice(key.lastIndexOf('/') + 1);
  if (typeof value !== 'string' || key.endsWith('Fallback/value')) return value;
  if (LISTS.has(option)) return value.split(',').map((one) => one.trim());
  if (value === 'true' || value === 'false') return value === 'true';
  return isPlain(value) ? Number(value) : value;
}

const isPlain = (text: string): boolean => /^-?(\d+(\.\d+)?|Infinity)$/.test(text);

const known = new WeakMap<Environment, Overrides>();

/** From here on the configuration of everything that runs in this environment. */
export function configure(environment: Environment, overrides: Overrides): void {
  known.set(environment, overrides);
}

export const configurationOf = (environment: Environment | undefined): Overrides | undefined => environment && known.get(environment);
