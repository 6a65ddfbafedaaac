import fc from 'fast-check';

/** What one connection asks for in one turn, in words that mean something in every history. */
export interface CommitPlan {
  readonly is: 'commit';
  readonly id: number;
  /** The head that its writer has seen: 0 the last one, 1 the one before… */
  readonly age: number;
  /** Expects no stream, although there may be one. */
  readonly absent: boolean;
  readonly fresh: number;
  /** Keys that were used before: below 1 as a part of all of them, from 1 on by number, -1 the last one. */
  readonly old: readonly number[];
  readonly otherData: boolean;
  readonly oldFirst: boolean;
  readonly trimTo: number | undefined;
  readonly status: string | undefined;
  readonly owner: string | null | undefined;
  /** Milliseconds from now; null: never. */
  readonly wake: number | null | undefined;
  readonly claims: number | undefined;
  readonly meta: string | Uint8Array | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

export type OperationPlan =
  | CommitPlan
  /** A commit of before once more: the last one, or one that many before it. */
  | { readonly is: 'again'; readonly back: number }
  | { readonly is: 'renew'; readonly owner: string; readonly ids: readonly number[]; readonly leaseMs: number }
  | { readonly is: 'drop'; readonly id: number; readonly age: number };

export type TurnPlan =
  | { readonly is: 'write'; readonly by: number; readonly operations: readonly OperationPlan[]; readonly failAt: number | undefined }
  | { readonly is: 'claim'; readonly by: number; readonly owner: string; readonly limit: number; readonly failAt: number | undefined }
  | { readonly is: 'page'; readonly by: number; readonly id: number; readonly from: number; readonly limit: number | undefined }
  | { readonly is: 'scan'; readonly by: number; readonly order: 'id' | 'wake'; readonly tag: boolean }
  | { readonly is: 'time'; readonly ms: number };

export const IDS = ['a', 'b\ud800', 'ü'];
/** So many entries at once that streams come to the border of 64, stop at it, and pass it. */
const SIZES = [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 5, 29, 62, 64, 65, 130];
const EDGES = [0, 1, 2, 61, 62, 63, 64, 65, 66, 100, 1_000];

const by = fc.constantFrom(0, 0, 0, 0, 1, 2);
const id = fc.constantFrom(0, 0, 0, 0, 1, 2);
const age = fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2);
const owner = fc.constantFrom('w', 'w', 'w', 'v');
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.oneof(fc.constant(undefined), value);
const seldom = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const failAt = seldom(fc.nat(4));

const old = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(-1, 62, 63, 64, 65));

const commit: fc.Arbitrary<CommitPlan> = fc.record({
  is: fc.constant('commit'),
  id,
  age,
  absent: fc.constantFrom(...Array<boolean>(11).fill(false), true),
  fresh: fc.constantFrom(...SIZES),
  old: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(old, { minLength: 1, maxLength: 2 }) }),
  otherData: fc.boolean(),
  oldFirst: fc.boolean(),
  trimTo: seldom(fc.constantFrom(...EDGES)),
  status: maybe(fc.constantFrom('on', 'off')),
  owner: maybe(fc.oneof({ weight: 4, arbitrary: owner }, { weight: 1, arbitrary: fc.constant(null) })),
  wake: maybe(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 5, 1.5, 40) }, { weight: 1, arbitrary: fc.constant(null) })),
  claims: seldom(fc.nat(3)),
  meta: seldom(fc.constantFrom('m', '', new Uint8Array([1, 2]), new Uint8Array(0), 'x'.repeat(5_000))),
  tags: seldom(fc.constantFrom({ t: '1' }, { t: '2', u: '1' }, {})),
});

const operation: fc.Arbitrary<OperationPlan> = fc.oneof(
  { weight: 16, arbitrary: commit },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('again' as const), back: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('renew' as const),
      owner,
      ids: fc.array(id, { minLength: 1, maxLength: 3 }),
      leaseMs: fc.integer({ min: 1, max: 50 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('drop' as const), id, age }) },
);

const turn: fc.Arbitrary<TurnPlan> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      is: fc.constant('write' as const),
      by,
      operations: fc.array(operation, { minLength: 1, maxLength: 3 }),
      failAt,
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('claim' as const), by, owner, limit: fc.integer({ min: 1, max: 3 }), failAt }) },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('page' as const),
      by,
      id,
      from: fc.constantFrom(...EDGES),
      limit: maybe(fc.constantFrom(...EDGES)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('scan' as const),
      by,
      order: fc.constantFrom('id' as const, 'wake' as const),
      tag: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('time' as const), ms: fc.constantFrom(1, 3.25, 30) }) },
);

export const histories = fc.array(turn, { minLength: 30, maxLength: 40 });
