import fc from 'fast-check';

/*
 * A random history as data: a saga, what the outside does with each of its calls, and what people and machines do
 * meanwhile. Smaller numbers and earlier words are simpler: a counterexample shrinks towards a saga that just works.
 */

/**
 * What becomes of one call of a step. `refused`: says that nothing happened. `unreachable`: never reached the other side.
 * `before`, `after`: an error before or after the effect. `late`: an error, and the effect after it. `terminal`: an error that
 * repeating does not help. `kill…`: the process dies before the effect, after it, or the effect lands when it is dead.
 */
const FATES = ['done', 'refused', 'before', 'after', 'unreachable', 'late', 'terminal', 'killBefore', 'killAfter', 'killLate'] as const;
export type Fate = (typeof FATES)[number];

/** The same of one call of an undo. A list of them is followed by `ok` for ever, unless the undo is `broken`. */
const UNDO_FATES = ['fail', 'failAfter', 'hang', 'killBefore', 'killAfter'] as const;
export type UndoFate = 'ok' | (typeof UNDO_FATES)[number];

/** `total`: its undo closes the key. `partial`: its undo only takes back what is there. `refusable`: undone if refused, too. */
const KINDS = ['total', 'readOnly', 'partial', 'irreversible', 'refusable'] as const;
export type Kind = (typeof KINDS)[number];

export interface StepPlan {
  readonly kind: Kind;
  /** The n-th call of its key meets the n-th fate; then it is done. */
  readonly fates: readonly Fate[];
  readonly ms: number;
  /** The body catches its failure. */
  readonly caught: boolean;
  /** It must not be repeated when nobody knows what became of it. */
  readonly once: boolean;
  /** When it is the pivot: whether the outside can be asked, and can tell. */
  readonly probe: 'none' | 'tells' | 'cannotTell';
  /** How often its policy repeats a call. */
  readonly retries: 0 | 2;
  readonly undo: readonly UndoFate[];
  /** After its fates the undo fails for ever. */
  readonly broken: boolean;
  /** Undefined: without a limit. */
  readonly maxRetries: 0 | 2 | undefined;
}

/** Steps that start together, after a pause. The body fails after them if told. */
export interface Unit {
  readonly steps: readonly StepPlan[];
  readonly sleepMs: number;
}

/** What an operator does with a run that is stuck; as many times as the run is. */
export type Help = 'retry' | 'markCompensated' | 'waive' | 'completeStep' | 'refuseStep';
export const VERBS = [
  'cancel',
  'hold',
  'release',
  'signal',
  'retry',
  'markCompensated',
  'waive',
  'completeStep',
  'refuseStep',
  'extend',
] as const;
export type Verb = (typeof VERBS)[number];

export type Act =
  | { readonly what: Verb; readonly at: number; readonly step: number }
  | { readonly what: 'kill' | 'pause' | 'boot'; readonly at: number; readonly step: number };

export interface Plan {
  readonly units: readonly Unit[];
  /** Index of the unit whose first step is the pivot; beyond the last: there is none. */
  readonly pivot: number;
  /** After this many units the body throws; beyond the last: it does not. */
  readonly throwsAfter: number;
  readonly deadlineMs: number | undefined;
  readonly acts: readonly Act[];
  readonly helps: readonly Help[];
  /** The process that sends the n-th commit dies with it; `after`: the commit is there. */
  readonly deaths: readonly { readonly commit: number; readonly after: boolean }[];
}

/** One of these, the first ones more often. */
function oneOf<T>(first: T, weight: number, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fc.constant(first), weight }, { arbitrary: fc.constantFrom(...others), weight: 1 });
}

const step: fc.Arbitrary<StepPlan> = fc.record({
  kind: fc.constantFrom(...KINDS, 'total', 'partial'),
  fates: fc.oneof(
    { arbitrary: fc.constant([]), weight: 2 },
    { arbitrary: fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 4 }), weight: 1 },
  ),
  ms: fc.constantFrom(0, 20, 50, 120),
  caught: oneOf(false, 2, true),
  once: oneOf(false, 4, true),
  probe: fc.constantFrom('none', 'tells', 'cannotTell'),
  retries: oneOf<0 | 2>(0, 2, 2),
  undo: fc.oneof(
    { arbitrary: fc.constant([]), weight: 2 },
    { arbitrary: fc.array(fc.constantFrom(...UNDO_FATES), { minLength: 1, maxLength: 4 }), weight: 1 },
  ),
  broken: oneOf(false, 4, true),
  maxRetries: fc.constantFrom(undefined, 0, 2),
});

const unit: fc.Arbitrary<Unit> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 3 }),
  sleepMs: oneOf(0, 4, 300, 1_500),
});

const MOST_STEPS = 6;

/** At most six steps; each of the later units keeps what is left of them. */
function limited(units: readonly Unit[]): readonly Unit[] {
  let left = MOST_STEPS;
  const kept: Unit[] = [];
  for (const { steps, sleepMs } of units) {
    const some = steps.slice(0, left);
    left -= some.length;
    if (some.length > 0) kept.push({ steps: some, sleepMs });
  }
  return kept;
}

function actsOf(verbs: readonly Verb[], most: number): fc.Arbitrary<readonly Act[]> {
  const at = fc.nat({ max: 3_000 });
  const act = fc.oneof(
    { arbitrary: fc.record({ what: fc.constantFrom(...verbs), at, step: fc.nat({ max: MOST_STEPS - 1 }) }), weight: 4 },
    { arbitrary: fc.record({ what: fc.constantFrom('kill', 'pause', 'boot'), at, step: fc.constant(0) }), weight: 1 },
  );
  return fc.array(act as fc.Arbitrary<Act>, { maxLength: most }).map((acts) => acts.toSorted((a, b) => a.at - b.at));
}

/** Histories in which people do at most `most` things with these verbs, besides helping when the run is stuck. */
export function plans(verbs: readonly Verb[], most: number): fc.Arbitrary<Plan> {
  const none = MOST_STEPS;
  return fc.record({
    units: fc.array(unit, { minLength: 1, maxLength: MOST_STEPS }).map(limited),
    pivot: fc.oneof({ arbitrary: fc.constant(none), weight: 2 }, { arbitrary: fc.nat({ max: 3 }), weight: 1 }),
    throwsAfter: fc.oneof({ arbitrary: fc.constant(none), weight: 2 }, { arbitrary: fc.integer({ min: 1, max: 4 }), weight: 1 }),
    deadlineMs: fc.oneof({ arbitrary: fc.constant(undefined), weight: 4 }, { arbitrary: fc.integer({ min: 1, max: 2_000 }), weight: 1 }),
    acts: actsOf(verbs, most),
    helps: fc.array(fc.constantFrom('retry', 'markCompensated', 'waive', 'completeStep', 'refuseStep'), { maxLength: 6 }),
    deaths: fc.array(fc.record({ commit: fc.integer({ min: 1, max: 15 }), after: fc.boolean() }), { maxLength: 2 }),
  });
}

/** The steps of a plan in the order of the calls, as the saga performs them: nothing that is undone follows on a pivot. */
export interface Performed extends StepPlan {
  readonly index: number;
  readonly pivot: boolean;
  /** Stable name of its operation: steps that are alike share it, as calls of a loop do. */
  readonly operation: string;
}

export function performed(plan: Plan): readonly (readonly Performed[])[] {
  let index = 0;
  return plan.units.map(({ steps }, at) =>
    steps.map((one, place) => {
      const pivot = at === plan.pivot && place === 0;
      // A sibling of the pivot is called after it.
      const behind = at > plan.pivot || (at === plan.pivot && place > 0);
      const kind = (pivot || behind) && one.kind !== 'readOnly' ? 'irreversible' : one.kind;
      const undone = kind !== 'readOnly' && kind !== 'irreversible';
      // An undo that nothing stops would be repeated for ever.
      const broken = one.broken && one.maxRetries !== undefined;
      const limits = `${undone ? (one.maxRetries ?? '') : ''}${one.retries > 0 ? ' again' : ''}${one.once ? ' once' : ''}`;
      return { ...one, kind, pivot, broken, index: index++, operation: `${pivot ? 'pivot ' : ''}${kind}${limits}` };
    }),
  );
}
