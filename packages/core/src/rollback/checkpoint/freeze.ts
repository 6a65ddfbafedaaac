// What this module has frozen all the way down: a frozen object of somebody else's may hold others that are not.
const frozen = new WeakSet<object>();

/**
 * Freezes plain objects and arrays, all the way down: a value that is kept is replaced and never written to, or a rollback
 * could not bring it back. What cannot be frozen is left: dates, maps, sets, bytes, and objects of classes.
 */
export function freezeValue<T>(value: T): T {
  if (typeof value === 'object' && value !== null) freezeDown(value);
  return value;
}

function freezeDown(value: object): void {
  if (frozen.has(value) || !(Array.isArray(value) || isPlainObject(value))) return;
  // What can do something is no data: a service that was handed in.
  for (const key in value) if (typeof (value as Readonly<Record<string, unknown>>)[key] === 'function') return;
  frozen.add(value);
  Object.freeze(value);
  for (const key in value) {
    const inner = (value as Readonly<Record<string, unknown>>)[key];
    if (typeof inner === 'object' && inner !== null) freezeDown(inner);
  }
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}
