import type { Schema } from '../../base/schema.js';
import { messageOf } from '../../base/errors.js';
import { MigrationError } from './errors.js';
import type { State } from './frames.js';
import { CELLS } from './tracked.js';
import type { Cells } from './cells.js';
import type { TrackedKind } from './tracked.js';

/** Brings a plain state from version n to n + 1. */
export type Migration = (state: Readonly<Record<string, unknown>>) => object | PromiseLike<object>;

export interface Shape {
  readonly holder: string;
  readonly version: number;
  readonly migrate: Readonly<Record<number, Migration>>;
  readonly state: Schema | undefined;
  /** The tracked collections of the object. */
  readonly kinds: ReadonlyMap<string, TrackedKind>;
  readonly validate: 'always' | 'changed-version';
}

/** The state in today's form. @throws MigrationError when a step is missing, throws, or gives what does not fit. */
export async function brought(stored: State, from: number, shape: Shape): Promise<State> {
  if (from === shape.version && (!shape.state || shape.validate === 'changed-version')) return stored;
  let plain: Record<string, unknown> = toPlain(stored, shape.kinds);
  for (let version = from; version < shape.version; version++) {
    const step = shape.migrate[version];
    if (!step) throw new MigrationError(shape.holder, version, `"migrate" has no step ${version}`);
    try {
      plain = { ...(await step(plain)) };
    } catch (error) {
      throw new MigrationError(shape.holder, version, messageOf(error), error);
    }
  }
  if (!shape.state) return fromPlain(plain, shape.kinds);
  const result = await shape.state['~standard'].validate(plain);
  if (!result.issues) return fromPlain(result.value as Record<string, unknown>, shape.kinds);
  const [issue] = result.issues;
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  throw new MigrationError(shape.holder, Math.min(from, shape.version), `it does not fit the schema at "${path}": ${issue?.message ?? ''}`);
}

/** Fields by name; a tracked collection as what it stands for: a Map, Set or array. */
export function toPlain(state: State, kinds: ReadonlyMap<string, TrackedKind>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  const put = (key: string, value: unknown): void =>
    void Object.defineProperty(plain, key, { value, writable: true, enumerable: true, configurable: true });
  for (const [key, value] of state.get('') ?? []) put(String(key), value);
  for (const [part, map] of state) {
    if (part === '') continue;
    const kind = kinds.get(part);
    put(part, kind === 'TrackedSet' ? new Set(map.keys()) : kind === 'TrackedArray' ? [...map.values()] : new Map(map));
  }
  return plain;
}

function fromPlain(plain: Record<string, unknown>, kinds: ReadonlyMap<string, TrackedKind>): State {
  const fields = new Map<unknown, unknown>();
  const state: State = new Map([['', fields]]);
  for (const [key, value] of Object.entries(plain)) {
    if (kinds.has(key)) state.set(key, contents(value));
    else fields.set(key, value);
  }
  return state;
}

function contents(value: unknown): Map<unknown, unknown> {
  if (value instanceof Map) return new Map(value);
  if (value instanceof Set) return new Map([...value].map((one) => [one, true]));
  if (Array.isArray(value)) return new Map(value.map((one, i) => [i, one]));
  const cells = (value as { readonly [CELLS]?: Cells } | undefined)?.[CELLS];
  return cells ? new Map(cells.entries()) : new Map(Object.entries((value ?? {}) as object));
}
