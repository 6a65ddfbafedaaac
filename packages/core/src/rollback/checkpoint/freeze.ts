// What this module has frozen all the way down: a frozen object of somebody else's may hold others that are not.
const frozen = new WeakSet<object>();

/**
 * Freezes plain objects and arrays, all the way down: a value that is kept is replaced and never written to, or a rollback
 * could not bring it back. What cannot be frozen is left: dates, maps, sets, bytes, and objects of classes.
 */
export function freezeValue<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !frozen.has(value) && isData(value)) freezeDown(value);
  return value;
}

/** Step by step: a list may be deeper than a stack. */
function freezeDown(value: object): void {
  const waiting = [value];
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    frozen.add(one);
    Object.freeze(one);
    for (const key in one) {
      const inner = (one as Readonly<Record<string, unknown>>)[key];
      if (typeof inner === 'object' && inner !== null && !frozen.has(inner) && isData(inner)) waiting.push(inner);
    }
  }
}

/** Plain, and without anything that can do something: that would be a service that was handed in. */
function isData(value: object): boolean {
  if (!Array.isArray(value) && !isPlainObject(value)) return false;
  for (const key in value) if (typeof (value as Readonly<Record<string, unknown>>)[key] === 'function') return false;
  return true;
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}
