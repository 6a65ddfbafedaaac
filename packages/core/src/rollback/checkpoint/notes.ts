import { isProxy } from 'node:util/types';
import type { CodecType } from '../../base/codec-tree.js';
import { CodecError } from '../../base/errors.js';
import { UnsupportedValueError } from './errors.js';
import { ValueWalk } from './value-walk.js';

/** Takes the place of one object that the encoding below does not know: [the object in the tree, its type, what it is made of]. */
export type Note = readonly [place: object, type: string, payload: unknown];

const BARE = 'bare';
const URLS = 'url';

/** A copy in which such objects are empty ones, and a note for each. Identity within the value is kept. */
export function takeNotes(value: unknown, types: readonly CodecType[], path: string): readonly [tree: unknown, notes: readonly Note[]] {
  const notes: Note[] = [];
  const copies = new Map<object, object>();
  const open = new Set<object>();
  const copy = (one: unknown, at: string): unknown => {
    if (typeof one !== 'object' || one === null) return one;
    if (isProxy(one)) throw new UnsupportedValueError('a Proxy', at, 'Keep plain data.');
    const known = copies.get(one);
    if (known) {
      if (open.has(one)) throw new UnsupportedValueError('a ring through an object of a class', at, 'Keep an id in place of the object.');
      return known;
    }
    const type = types.find((each) => each.is(one));
    if (type || one instanceof URL) return noted(one, type?.name, type ? type.toJson(one) : (one as URL).href, at);
    if (Array.isArray(one)) return fill(one, Object.assign(Array.from({ length: 0 }), { length: one.length }), at);
    if (Object.getPrototypeOf(one) === Object.prototype) return fill(one, {}, at);
    if (Object.getPrototypeOf(one) === null) {
      const place = {};
      copies.set(one, place);
      notes.push([place, BARE, fill(one, {}, at, false)]);
      return place;
    }
    if (one instanceof Map) {
      const map = new Map<unknown, unknown>();
      copies.set(one, map);
      for (const [key, inner] of one) map.set(copy(key, at), copy(inner, at));
      return map;
    }
    if (one instanceof Set) {
      const set = new Set<unknown>();
      copies.set(one, set);
      for (const inner of one) set.add(copy(inner, at));
      return set;
    }
    if (one instanceof Error && 'cause' in one && typeof one.cause === 'object') {
      throw new UnsupportedValueError('an error beside an object of a class', at, 'Keep its message in place of the error.');
    }
    copies.set(one, one);
    return one;
  };
  const noted = (one: object, type: string | undefined, payload: unknown, at: string): object => {
    const place = {};
    copies.set(one, place);
    open.add(one);
    new ValueWalk([]).walk(payload, `${at} (as ${type ?? URLS})`);
    open.delete(one);
    notes.push([place, type === undefined ? URLS : `type:${type}`, payload]);
    return place;
  };
  const fill = (from: object, to: object, at: string, remember = true): object => {
    if (remember) copies.set(from, to);
    for (const key of Object.keys(from)) {
      const value = copy((from as Readonly<Record<string, unknown>>)[key], at === '' ? key : `${at}.${key}`);
      Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
    }
    return to;
  };
  return [copy(value, path), notes];
}

/** Puts the objects back in their places. */
export function applyNotes(tree: unknown, notes: readonly Note[], types: readonly CodecType[]): unknown {
  const made = new Map<object, object>();
  const bare: (readonly [object, object])[] = [];
  for (const [place, type, payload] of notes) {
    if (type === BARE) {
      const object = Object.create(null) as object;
      made.set(place, object);
      bare.push([object, payload as object]);
    } else if (type === URLS) {
      made.set(place, new URL(String(payload)));
    } else {
      const found = types.find(({ name }) => `type:${name}` === type);
      if (!found) throw new CodecError(`The class "${type.slice(5)}" is not registered here.`, '');
      made.set(place, found.fromJson(payload) as object);
    }
  }
  const seen = new Set<object>();
  const back = (one: unknown): unknown => {
    if (typeof one !== 'object' || one === null) return one;
    const object = made.get(one);
    if (object) return object;
    if (seen.has(one)) return one;
    seen.add(one);
    refill(one, one, back);
    return one;
  };
  for (const [object, payload] of bare) refill(payload, object, back);
  return back(tree);
}

function refill(from: object, to: object, back: (one: unknown) => unknown): void {
  if (from instanceof Map) {
    const entries = [...(from as Map<unknown, unknown>)];
    from.clear();
    for (const [key, value] of entries) from.set(back(key), back(value));
  } else if (from instanceof Set) {
    const members = [...(from as Set<unknown>)];
    from.clear();
    for (const one of members) from.add(back(one));
  } else if (!ArrayBuffer.isView(from)) {
    for (const key of Object.keys(from)) {
      const value = back((from as Readonly<Record<string, unknown>>)[key]);
      Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
}
