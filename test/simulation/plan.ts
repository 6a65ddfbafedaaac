import type { Chance } from './chance.js';
import type { Fate, ProbeFate, Spec, UndoFate } from './outside.js';

/** What a saga of the simulation does, as data: it is the saga's input, and `sagas.ts` performs it. */
export type Plan =
  | { readonly do: 'step'; readonly op: OperationName; readonly spec: Spec }
  | { readonly do: 'seq' | 'all' | 'settled'; readonly parts: readonly Plan[] }
  | { readonly do: 'try'; readonly part: Plan; readonly otherwise: Plan }
  | { readonly do: 'throw'; readonly message: string }
  /** Begun, and not waited for. */
  | { readonly do: 'forget'; readonly part: Plan }
  /** Durable waits: for a time, and for a signal, perhaps not longer than so. */
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'receive'; readonly name: string; readonly timeout?: number }
  /** Another saga as a step. */
  | { readonly do: 'child'; readonly saga: ChildName; readonly name: string; readonly plan: Plan }
  /** So many promises of the body's own. */
  | { readonly do: 'rest'; readonly turns: number };

export const OPERATIONS = {
  /** Undo that closes the key. */
  reserve: { total: true },
  /** Undo that only looks; a time limit for each attempt. */
  book: { timed: true },
  /** Repeated when it may help. */
  charge: { total: true, timed: true, retried: true },
  hold: { timed: true, retried: true },
  /** Told to stop, it stops. */
  print: { total: true, obedient: true },
  /** Must not be repeated. */
  post: { total: true, once: true },
  /** Its undo is given up after some attempts. */
  rent: { total: true, brittle: true },
  read: { readOnly: true, retried: true },
  send: { irreversible: true },
  /** The point of no return. */
  settle: { irreversible: true, pivot: true },
  /** The same, and somebody can be asked what became of it. */
  confirm: { irreversible: true, pivot: true, probed: true, timed: true },
  seal: { irreversible: true, pivot: true, probed: true, once: true },
} as const satisfies Record<string, Traits>;

export interface Traits {
  readonly total?: boolean;
  readonly timed?: boolean;
  readonly retried?: boolean;
  readonly obedient?: boolean;
  readonly once?: boolean;
  readonly brittle?: boolean;
  readonly readOnly?: boolean;
  readonly irreversible?: boolean;
  readonly pivot?: boolean;
  readonly probed?: boolean;
}

/** Sagas that are steps of others, and the deadline that each has by itself. */
export const CHILDREN = { part: undefined, brief: 1_200 } as const satisfies Record<string, number | undefined>;
export type ChildName = keyof typeof CHILDREN;
export const CHILD_NAMES = Object.keys(CHILDREN) as ChildName[];

export type OperationName = keyof typeof OPERATIONS;
export const NAMES = Object.keys(OPERATIONS) as OperationName[];
/** Those that may stand anywhere. */
const ANYWHERE = NAMES.filter((name) => !(OPERATIONS[name] as Traits).pivot);
const PIVOTS = NAMES.filter((name) => !ANYWHERE.includes(name));
/** Those that may follow on a pivot. */
const AFTER_PIVOT = ['read', 'send'] as const;
export const SIGNALS = ['yes', 'no'] as const;

/** An effect lands at most this long after its call was answered as lost, and a second look comes after `LOOK_MS`. */
const LATEST_MS = 1_200;
export const LOOK_MS = 2_000;
/** Time limit of an attempt of a timed step, and of an undo. */
export const STEP_MS = 400;
export const UNDO_MS = 600;

/** How often a call of a pivot fails. */
const PIVOT_TROUBLE = 0.5;

/** Sagas in sagas in a saga. */
const GENERATIONS = 2;

/** How much goes wrong in one saga. */
interface Mood {
  readonly waits: boolean;
  /** Sagas may be steps, pivots asked about, and waits may follow on them. */
  readonly family: boolean;
  /** How many sagas this one is a step of, one in the other. */
  readonly generation: number;
  /** Everything succeeds in the end: what is under way when the pivot passes is called until it does. */
  readonly sure: boolean;
  readonly trouble: number;
  readonly undoTrouble: number;
  /** Gives each step of the plan a name of its own. */
  next: number;
  left: number;
}

/** A saga out of chance; from era 2 on, with durable waits and pivots; from era 3 on, with sagas as steps and probes. */
export function randomPlan(chance: Chance, era: number): Plan {
  return saga(chance, era, era >= 2 && chance.is(era >= 3 ? 0.35 : 0.25), 0);
}

/** `sure`: with a pivot. */
function saga(chance: Chance, era: number, sure: boolean, generation: number): Plan {
  const mood: Mood = {
    ...{ waits: era >= 2, family: era >= 3, generation, sure },
    // Most that have a pivot shall come to it.
    trouble: chance.pick(era >= 3 && sure ? [0, 0, 0.03, 0.15] : [0, 0.05, 0.15, 0.4]),
    undoTrouble: chance.pick([0, 0.1, 0.4]),
    next: 1,
    left: generation === 0 ? chance.whole(2, 10) : chance.whole(1, 4),
  };
  const parts: Plan[] = [];
  while (mood.left > 0) parts.push(part(chance, mood, 0));
  if (chance.is(0.15)) parts.splice(chance.whole(0, parts.length), 0, { do: 'throw', message: 'the body has had enough' });
  if (chance.is(0.1)) parts.push({ do: 'forget', part: step(chance, mood) });
  if (mood.sure) {
    parts.push(era >= 3 ? pivot(chance, mood) : step(chance, mood, 'settle'));
    for (let left = chance.whole(0, 3); left > 0; left--) parts.push(afterPivot(chance, mood));
  }
  return { do: 'seq', parts };
}

/** The point of no return: a step, or a saga that has one. */
function pivot(chance: Chance, mood: Mood): Plan {
  if (mood.generation < GENERATIONS && chance.is(0.3)) return child(chance, mood, true);
  const called = step(chance, mood, chance.pick(PIVOTS));
  // Beside another, which may fail while the pivot is in doubt.
  return chance.is(0.2) ? { do: 'all', parts: [step(chance, mood), called] } : called;
}

function afterPivot(chance: Chance, mood: Mood): Plan {
  if (mood.family && chance.is(0.3)) return wait(chance, chance.pick(['sleep', 'receive']));
  return step(chance, mood, chance.pick(AFTER_PIVOT));
}

function child(chance: Chance, mood: Mood, sure = false): Plan {
  mood.left -= 2;
  const plan = saga(chance, 3, sure, mood.generation + 1);
  return { do: 'child', saga: chance.pick(CHILD_NAMES), name: `child-${mood.next++}`, plan };
}

/** A saga of which the number of commits is known: `n` steps, one after the other, nothing goes wrong. */
export function plainPlan(chance: Chance): { readonly plan: Plan; readonly steps: number } {
  const mood: Mood = { waits: false, family: false, generation: 0, sure: false, trouble: 0, undoTrouble: 0, next: 1, left: 0 };
  const steps = chance.whole(1, 6);
  return { plan: { do: 'seq', parts: Array.from({ length: steps }, () => step(chance, mood)) }, steps };
}

function part(chance: Chance, mood: Mood, depth: number): Plan {
  const waits = mood.waits ? { sleep: 1.5, receive: 1.5 } : {};
  // What is under way when a pivot passes must succeed in the end, and of a child that is not sure: it is waited for.
  const childFits = mood.family && mood.generation < GENERATIONS && (!mood.sure || depth === 0);
  const sagas = childFits ? { child: 2.5 / (mood.generation + 1) } : {};
  const kind = depth > 2 ? 'step' : chance.weighted({ step: 10, all: 2, settled: 1, loop: 1, try: 2, rest: 0.5, ...waits, ...sagas });
  switch (kind) {
    case 'child':
      return child(chance, mood);
    case 'all':
    case 'settled':
      return { do: kind, parts: Array.from({ length: chance.whole(2, 4) }, () => branch(chance, mood, depth + 1)) };
    case 'loop': {
      const op = chance.pick(ANYWHERE);
      return { do: 'seq', parts: Array.from({ length: chance.whole(2, 3) }, () => step(chance, mood, op)) };
    }
    case 'try':
      return { do: 'try', part: branch(chance, mood, depth + 1), otherwise: step(chance, mood) };
    case 'sleep':
    case 'receive':
      return wait(chance, kind);
    case 'rest':
      return { do: 'rest', turns: chance.whole(1, 5) };
    default:
      return step(chance, mood);
  }
}

function wait(chance: Chance, kind: 'sleep' | 'receive'): Plan {
  if (kind === 'sleep') return { do: 'sleep', ms: chance.pick([0, chance.whole(1, 50), chance.whole(50, 3_000)]) };
  return { do: 'receive', name: chance.pick(SIGNALS), ...(chance.is(0.6) ? { timeout: chance.whole(1, 2_000) } : {}) };
}

function branch(chance: Chance, mood: Mood, depth: number): Plan {
  if (chance.is(0.6)) return part(chance, mood, depth);
  return { do: 'seq', parts: [part(chance, mood, depth), part(chance, mood, depth)] };
}

function step(chance: Chance, mood: Mood, op: OperationName = chance.pick(ANYWHERE)): Plan {
  mood.left -= 1;
  const traits: Traits = OPERATIONS[op];
  const fates: Fate[] = [];
  const trouble = mood.family && traits.pivot ? PIVOT_TROUBLE : mood.trouble;
  while (chance.is(trouble) && fates.length < 3) {
    const fate = badFate(chance, traits);
    // After a pivot nobody can help a step whose answer cannot be kept.
    fates.push(mood.sure && fate === 'unkeepable' ? 'reset' : fate);
  }
  // A pivot may be in doubt until a person settles it.
  const surely = mood.sure && !(mood.family && traits.pivot);
  if (fates.length === 0 || surely || chance.is(0.7)) fates.push('ok');
  const undo: UndoFate[] = [];
  while (chance.is(mood.undoTrouble) && undo.length < 4) undo.push(chance.weighted<UndoFate>({ fail: 3, 'done-fail': 2, hang: 1 }));
  undo.push(traits.brittle && undo.length > 2 ? 'fail' : 'ok');
  const slow = chance.is(0.05) && !traits.timed;
  const spec: Spec = {
    label: `${op}-${mood.next++}`,
    fates,
    ms: slow ? chance.whole(500, 2_500) : chance.whole(0, 60),
    undo,
    undoMs: chance.whole(0, 60),
    lateMs: chance.whole(1, LATEST_MS),
    ...(traits.probed ? { probe: probeFates(chance) } : {}),
  };
  return { do: 'step', op, spec };
}

function probeFates(chance: Chance): readonly ProbeFate[] {
  const fates: ProbeFate[] = [];
  while (chance.is(0.4) && fates.length < 4) fates.push(chance.weighted<ProbeFate>({ throw: 4, unknown: 1, tell: 1 }));
  return [...fates, chance.weighted<ProbeFate>({ tell: 12, unknown: 1, throw: 1 })];
}

function badFate(chance: Chance, traits: Traits): Fate {
  const hang = traits.timed ? 2 : 0;
  return chance.weighted<Fate>({
    ...{ refuse: 4, unreachable: 2, reset: 2, 'done-reset': 3, 'done-boom': 1, late: 2, unkeepable: 0.5 },
    ...{ hang, 'done-hang': hang },
  });
}
