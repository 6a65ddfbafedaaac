import { ConfigurationError } from '../../base/errors.js';
import type { Holder, Properties } from './holder.js';
import { CELLS, isTracked } from './tracked.js';
import type { TrackedKind } from './tracked.js';

/** The fields of one object, with accessors in their place: installed after it was constructed, whatever the compiler made of them. */
export class Fields implements Properties {
  /** The tracked collections, by field. */
  readonly kinds = new Map<string, TrackedKind>();
  private readonly known: Set<string>;

  constructor(
    private readonly object: object,
    private readonly holder: Holder,
    names: readonly string[],
    /** What comes to be later is state as well. */
    private readonly isOpen: boolean,
  ) {
    for (const name of names) this.install(name);
    this.known = new Set(Object.keys(object));
    holder.object = this;
  }

  count(): number {
    return Object.keys(this.object).length;
  }

  cut(count: number): void {
    const keys = Object.keys(this.object);
    if (keys.length === count) return;
    for (const key of keys.slice(count)) if (!this.known.has(key)) delete (this.object as Record<string, unknown>)[key];
  }

  keep(): void {
    const keys = Object.keys(this.object);
    if (keys.length === this.known.size) return;
    for (const key of keys) {
      if (this.known.has(key)) continue;
      this.known.add(key);
      if (this.isOpen && typeof (this.object as Readonly<Record<string, unknown>>)[key] !== 'function') this.install(key);
    }
  }

  private install(name: string): void {
    const { object, holder } = this;
    const value = (object as Readonly<Record<string, unknown>>)[name];
    if (isTracked(value)) {
      const cells = value[CELLS];
      if (cells.owner) throw misfit(holder.name, name, 'Its collection belongs to another object already.', 'Make one for each object.');
      holder.adopt(cells, name);
      this.kinds.set(name, value[Symbol.toStringTag]);
      const set = (other: unknown): void => {
        if (other !== value)
          throw new TypeError(`${name} of ${holder.name} is tracked: change what it holds (clear(), set()), do not replace it.`);
      };
      this.define(name, () => value, set);
      return;
    }
    const { fields } = holder;
    fields.write(name, value, undefined);
    this.define(
      name,
      () => fields.get(name),
      (next) => {
        if (isTracked(next))
          throw new TypeError(`${name} of ${holder.name} was no tracked collection when it was made: give it one in the constructor.`);
        fields.set(name, next);
      },
    );
  }

  private define(name: string, get: () => unknown, set: (value: unknown) => void): void {
    try {
      Object.defineProperty(this.object, name, { get, set, enumerable: true, configurable: false });
    } catch (cause) {
      throw misfit(
        this.holder.name,
        name,
        `It cannot be tracked: ${String(cause)}.`,
        'Leave the object open: not frozen, and the field configurable.',
      );
    }
  }
}

function misfit(holder: string, field: string, cause: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ subject: `${holder}, ${field}`, cause, remedy }]);
}
