import type { Change, Claim, Head, RedressEvent, Store } from '@redress/core';
import { UsageError } from '@redress/example-shared';
import { isOperation, isStep, OPERATIONS, UNDO_OF } from './operations.js';
import type { Operation } from './operations.js';

const SIDES = ['before-effect', 'after-effect', 'after-record'] as const;
type Side = (typeof SIDES)[number];

/**
 * A place where a process can die: `Payments.charge:after-effect`, or `commit step:1/outcome + step:2, before`.
 * Places are told by what happens there, not by a count, so that one run's places can be found in another.
 */
export type CrashPoint = string;

/** @throws UsageError that names what can be said. */
export function parseKillAt(text: string): CrashPoint {
  const [operation = '', side = '', ...rest] = text.split(':');
  if (!isOperation(operation)) {
    throw new UsageError(`--kill-at ${text}: there is no "${operation}"; choose from ${OPERATIONS.join(', ')}.`);
  }
  if (!SIDES.some((known) => known === side) || rest.length > 0) {
    throw new UsageError(`--kill-at ${text}: write ${operation}:before-effect, ${operation}:after-effect or ${operation}:after-record.`);
  }
  return text;
}

/** Reports every place that the process comes by, and dies at one of them. */
export class CrashPoints {
  readonly #killAt: CrashPoint | undefined;
  readonly #onReach: (point: CrashPoint) => void;

  constructor(killAt: CrashPoint | undefined, onReach: (point: CrashPoint) => void = () => {}) {
    this.#killAt = killAt;
    this.#onReach = onReach;
  }

  reach(point: CrashPoint): void {
    // Nothing runs after this line: no handler, no `finally`, no flush.
    if (point === this.#killAt) process.kill(process.pid, 'SIGKILL');
    this.#onReach(point);
  }

  /** Before and after the remote system works on a request. */
  readonly onEffect = (operation: Operation, side: Side): void => this.reach(`${operation}:${side}`);

  /** After the commit that carries an outcome: events are told after the fact. */
  readonly onEvent = ({ name, step = '' }: RedressEvent): void => {
    if (name === 'undo.completed' && isStep(step)) this.reach(`${UNDO_OF[step]}:after-record`);
    else if (OUTCOMES.has(name)) this.reach(`${step}:after-record`);
  };

  /** The same store, with places before and after every durable write. */
  watch(store: Store): Store {
    return {
      durability: store.durability,
      load: (id, page) => store.load(id, page),
      commit: (change) => this.#around(`commit ${named(change)}`, () => store.commit(change)),
      claim: (claim) => this.#claim(store, claim),
      renew: (owner, ids, leaseMs) => store.renew(owner, ids, leaseMs),
      scan: (query) => store.scan(query),
      drop: (id, expect) => store.drop(id, expect),
      now: () => store.now(),
      close: () => store.close(),
      [Symbol.asyncDispose]: () => store.close(),
    };
  }

  async #around<T>(what: string, write: () => Promise<T>): Promise<T> {
    this.reach(`${what}, before`);
    const answer = await write();
    this.reach(`${what}, after`);
    return answer;
  }

  /** Most claims find nothing: what comes after them is a place only when something was taken. */
  async #claim(store: Store, claim: Claim): Promise<readonly Head[]> {
    this.reach('claim, before');
    const heads = await store.claim(claim);
    if (heads.length > 0) this.reach('claim, after');
    return heads;
  }
}

const OUTCOMES: ReadonlySet<string> = new Set(['step.completed', 'step.refused', 'step.unknown']);

function named(change: Change): string {
  return change.entries.map(({ key }) => key).join(' + ');
}
