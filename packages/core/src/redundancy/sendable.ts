import { ReplicaArgumentsError } from './remote.js';

/** Copies a value as it will be copied on its way, or throws. */
export type CopyOf = (value: unknown) => unknown;

/**
 * Says where arguments cannot be copied. All replicas of a vote are given the same array: it is copied once for all of one kind.
 * @throws ReplicaArgumentsError
 */
export function sendableBy(copy: CopyOf): (replica: string, args: readonly unknown[]) => void {
  let passed: WeakRef<readonly unknown[]> | undefined;
  return (replica, args) => {
    if (passed?.deref() === args) return;
    try {
      copy(args);
      passed = new WeakRef(args);
    } catch (error) {
      const { value, path } = culprit(args, copy);
      throw new ReplicaArgumentsError(replica, describe(value), path, error);
    }
  };
}

/** The innermost value that cannot be copied. Only looked for when there is one, so it may take its time. */
function culprit(args: readonly unknown[], copy: CopyOf): { readonly value: unknown; readonly path: string } {
  let found: { readonly value: unknown; readonly path: string } = { value: args, path: '' };
  const above = new Set<unknown>();
  for (;;) {
    above.add(found.value);
    const inner = partsOf(found.value).find(({ value }) => !above.has(value) && !passes(value, copy));
    if (!inner) return { value: found.value, path: found.path || 'the arguments' };
    found = { value: inner.value, path: found.path + inner.at };
  }
}

interface Part {
  readonly at: string;
  readonly value: unknown;
}

function partsOf(value: unknown): readonly Part[] {
  if (typeof value !== 'object' || value === null) return [];
  if (value instanceof Map) {
    return [...value].flatMap(([key, one], i): Part[] => [
      { at: `.keys[${i}]`, value: key },
      { at: `.get(${nameOf(key)})`, value: one },
    ]);
  }
  if (value instanceof Set) return [...(value as ReadonlySet<unknown>)].map((one, i) => ({ at: `.values[${i}]`, value: one }));
  return Object.keys(value).flatMap((key): Part[] => {
    const at = Array.isArray(value) ? `[${key}]` : /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    try {
      return [{ at, value: (value as Record<string, unknown>)[key] }];
    } catch {
      // A getter that throws: the object itself is the culprit.
      return [];
    }
  });
}

function nameOf(key: unknown): string {
  return typeof key === 'string' ? JSON.stringify(key) : typeof key === 'number' ? String(key) : '…';
}

function passes(value: unknown, copy: CopyOf): boolean {
  try {
    copy(value);
    return true;
  } catch {
    return false;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'function') return value.name ? `a function (${value.name})` : 'a function';
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const { name = '' } = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor ?? {};
  return name === 'Object' || name === '' ? 'an object' : `an instance of ${name}`;
}
