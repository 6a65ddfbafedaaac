/**
 * How far two values are from each other: `Infinity` when they are not equal, otherwise the sum of the differences between
 * their numbers, each at most `tolerance`. Equality is structural: the order of keys, map entries and set members does not
 * matter, rings are followed once, `NaN` equals itself, `-0` is not `0`, and a field that is `undefined` is not a missing one.
 * Numbers that are map keys must be the same. Objects of other classes are equal when their visible fields are; those that
 * show none (everything `#private`, promises, functions) only to themselves, for nothing is known of them.
 */
export function distance(a: unknown, b: unknown, tolerance = 0): number {
  return new Comparison(tolerance).run(a, b);
}

/** Structural equality, numbers give or take `tolerance`: see `distance`. */
export function structurallyEqual(a: unknown, b: unknown, tolerance = 0): boolean {
  return distance(a, b, tolerance) < Infinity;
}

type Pair = readonly [unknown, unknown];
type Entry = readonly [key: unknown, value: unknown];

class Comparison {
  // Pairs that are equal, or taken to be while they are looked at: that ends rings, and shared parts are compared once.
  private readonly taken = new Map<object, Set<object>>();
  private readonly trail: (readonly [object, object])[] = [];

  constructor(private readonly tolerance: number) {}

  /** A list of work and no recursion: a long chain of objects needs no deep stack. */
  run(a: unknown, b: unknown): number {
    const before = this.trail.length;
    const work: Pair[] = [[a, b]];
    let sum = 0;
    for (let pair = work.pop(); pair; pair = work.pop()) {
      const [left, right] = pair;
      if (Object.is(left, right)) continue;
      sum += this.primitives(left, right) ?? this.objects(left as object, right as object, work);
      if (sum === Infinity) return this.giveUp(before);
    }
    return sum;
  }

  // What was taken to be equal within a comparison that failed is not known to be.
  private giveUp(before: number): number {
    for (const [a, b] of this.trail.splice(before)) this.taken.get(a)?.delete(b);
    return Infinity;
  }

  /** The distance of two values of which one is no object; undefined when both are. */
  private primitives(a: unknown, b: unknown): number | undefined {
    if (typeof a === 'number' && typeof b === 'number') {
      const difference = Math.abs(a - b);
      return this.tolerance > 0 && difference <= this.tolerance ? difference : Infinity;
    }
    return typeof a === 'object' && typeof b === 'object' && a !== null && b !== null ? undefined : Infinity;
  }

  /** Adds to the work what remains to be compared, and answers the distance of what has been. */
  private objects(a: object, b: object, work: Pair[]): number {
    const known = this.taken.get(a) ?? new Set<object>();
    if (known.has(b)) return 0;
    this.taken.set(a, known.add(b));
    this.trail.push([a, b]);
    if (kindOf(a) !== kindOf(b)) return Infinity;
    if (ArrayBuffer.isView(a)) return elements(a, b as ArrayBufferView, work);
    if (a instanceof ArrayBuffer) return elements(new Uint8Array(a), new Uint8Array(b as ArrayBuffer), work);
    if (a instanceof Set) return this.sets(a, b as Set<unknown>, work);
    if (a instanceof Map) return this.maps(a, b as Map<unknown, unknown>, work);
    if (Array.isArray(a) && a.length !== (b as unknown[]).length) return Infinity;
    const hidden = hiddenParts(a, b);
    work.push(...hidden);
    const opaque = hidden.length === 0 && !Array.isArray(a) && !isPlain(a) && visible(a).length === 0;
    return opaque ? Infinity : fields(a, b, work);
  }

  private sets(a: Set<unknown>, b: Set<unknown>, work: Pair[]): number {
    if (a.size !== b.size) return Infinity;
    // The partner of a member that is neither an object nor near to others is certain.
    const certain = (one: unknown): boolean => !isObject(one) && (typeof one !== 'number' || this.tolerance === 0);
    const rest: unknown[] = [];
    for (const one of a) {
      if (!certain(one)) rest.push(one);
      else if (!b.has(one)) return Infinity;
    }
    const others = [...b].filter((one) => !certain(one));
    return this.unordered(rest, others, (x, y) => this.run(x, y)) + fields(a, b, work);
  }

  private maps(a: Map<unknown, unknown>, b: Map<unknown, unknown>, work: Pair[]): number {
    if (a.size !== b.size) return Infinity;
    const rest: Entry[] = [];
    for (const [key, value] of a) {
      if (isObject(key)) rest.push([key, value]);
      else if (b.has(key)) work.push([value, b.get(key)]);
      else return Infinity;
    }
    const others = [...b].filter(([key]) => isObject(key));
    return this.unordered(rest, others, (x, y) => this.run(x[0], y[0]) + this.run(x[1], y[1])) + fields(a, b, work);
  }

  /**
   * Finds each a partner of its own, by augmenting paths (Kuhn, 1955): closeness is not transitive, so the first partner that
   * fits may be the only one of somebody else.
   */
  private unordered<T>(left: readonly T[], right: readonly T[], near: (a: T, b: T) => number): number {
    if (left.length !== right.length) return Infinity;
    const partner = new Map<number, number>();
    const fits = new Map<number, number>();
    const fit = (i: number, j: number): number => {
      const key = i * right.length + j;
      const known = fits.get(key) ?? near(left[i] as T, right[j] as T);
      fits.set(key, known);
      return known;
    };
    const place = (i: number, tried: Set<number>): boolean => {
      for (let step = 0; step < right.length; step++) {
        const j = (i + step) % right.length;
        if (tried.has(j) || fit(i, j) === Infinity) continue;
        tried.add(j);
        const holder = partner.get(j);
        if (holder !== undefined && !place(holder, tried)) continue;
        partner.set(j, i);
        return true;
      }
      return false;
    };
    if (!left.every((_, i) => place(i, new Set()))) return Infinity;
    return [...partner].reduce((sum, [j, i]) => sum + fit(i, j), 0);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What values of a built-in class say beside their fields. */
function hiddenParts(a: object, b: object): readonly Pair[] {
  if (a instanceof Date) return [[`date ${a.getTime()}`, `date ${(b as Date).getTime()}`]];
  if (a instanceof RegExp || a instanceof URL || a instanceof URLSearchParams) return [[a.toString(), (b as URL).toString()]];
  if (a instanceof Number || a instanceof String || a instanceof Boolean) return [[a.valueOf(), b.valueOf()]];
  return a instanceof Error ? ['name', 'message', 'cause', 'errors'].map((name) => pairOf(a, b, name)) : [];
}
function pairOf(a: object, b: object, key: PropertyKey): Pair {
  return [(a as Record<PropertyKey, unknown>)[key], (b as Record<PropertyKey, unknown>)[key]];
}

/** Both are made by the same class; a Buffer is a Uint8Array, which is what it comes back as from another thread. */
function kindOf(value: object): unknown {
  if (isPlain(value)) return Object.prototype;
  return value instanceof Uint8Array ? Uint8Array.prototype : Object.getPrototypeOf(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function elements(a: ArrayBufferView, b: ArrayBufferView, work: Pair[]): number {
  if (a.byteLength !== b.byteLength) return Infinity;
  const [one, other] = [listOf(a), listOf(b)];
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) work.push([one[i], other[i]]);
  return 0;
}

function listOf(view: ArrayBufferView): ArrayLike<unknown> {
  return view instanceof DataView ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : (view as Uint8Array);
}

function fields(a: object, b: object, work: Pair[]): number {
  const keys = visible(a);
  if (keys.length !== visible(b).length) return Infinity;
  for (const key of keys) {
    if (!Object.prototype.propertyIsEnumerable.call(b, key)) return Infinity;
    work.push(pairOf(a, b, key));
  }
  return 0;
}

function visible(value: object): readonly PropertyKey[] {
  const keys = Object.keys(value);
  const symbols = Object.getOwnPropertySymbols(value);
  if (symbols.length === 0) return keys;
  return [...keys, ...symbols.filter((key) => Object.prototype.propertyIsEnumerable.call(value, key))];
}
