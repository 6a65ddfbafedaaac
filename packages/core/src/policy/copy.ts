/**
 * Copies data: arrays, plain objects, Map, Set, Date and bytes, to any depth, cycles included. Objects of classes and
 * functions stay what they are: what they hold may be a connection, and a copy of it nothing.
 */
export function copyData<T>(value: T): T {
  return copy(value, new Map()) as T;
}

function copy(value: unknown, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = <C extends object>(empty: C): C => (seen.set(value, empty), empty);
  if (Array.isArray(value)) {
    const all = keep(Array.from({ length: value.length }) as unknown[]);
    for (const [i, one] of value.entries()) all[i] = copy(one, seen);
    return all;
  }
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof Map) {
    const all = keep(new Map<unknown, unknown>());
    for (const [key, one] of value) all.set(copy(key, seen), copy(one, seen));
    return all;
  }
  if (value instanceof Set) {
    const all = keep(new Set<unknown>());
    for (const one of value) all.add(copy(one, seen));
    return all;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return keep(structuredClone(value));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const all = keep(Object.create(prototype) as Record<string | symbol, unknown>);
  for (const key of Reflect.ownKeys(value)) {
    if (!Object.prototype.propertyIsEnumerable.call(value, key)) continue;
    // A key such as "__proto__" is a key, and no prototype.
    const one = copy((value as Record<string | symbol, unknown>)[key], seen);
    Object.defineProperty(all, key, { value: one, writable: true, enumerable: true, configurable: true });
  }
  return all;
}
