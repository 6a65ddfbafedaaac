import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import type { Matcher } from '../base/failure.js';
import { chain } from '../base/interceptor.js';
import { checkOptions } from '../base/options.js';
import type { Call, Interceptor } from '../base/interceptor.js';
import type { Schema } from '../base/schema.js';
import type { Durability } from '../base/store.js';
import { operationHash, undoPolicy } from './definition.js';
import type {
  Compensation,
  Operation,
  Probe,
  ProbeAnswer,
  RunContext,
  SagaDefinition,
  StepDefinition,
  Tags,
  UndoOptions,
} from './definition.js';
import { retentionMs } from './retention.js';
import type { Retention } from './retention.js';
import type { AnyUndo, UndoOf } from './undo.js';

interface StepCommon<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  /** Errors that say that no effect happened, besides `RefusedError`. */
  readonly refusedOn?: readonly Matcher[];
  /** False: an attempt whose outcome is unknown is not repeated. Default: true. */
  readonly repeatable?: boolean;
  /** The run goes backward when it fails, whatever the body makes of the failure. Default: false. */
  readonly fatal?: true;
  /** Around each call, outermost first, such as `retry(…)`. */
  readonly policies?: readonly Interceptor[];
  /** The point of no return: once it is done the run only goes forward, and later steps are repeated until they succeed. */
  readonly pivot?: true;
  /** Asks the outside what became of a call whose outcome is unknown. For pivots. */
  readonly probe?: (asked: Probe<A>) => Promise<ProbeAnswer<R>>;
}

interface NoUndo {
  readonly compensate?: never;
  readonly undo?: never;
  readonly alternate?: never;
  readonly compensateRefused?: never;
}

/** A step says how it is undone, or that it changes nothing, or why it cannot be undone. */
export type StepOptions<A extends readonly unknown[], R> = StepCommon<A, R> &
  (
    | {
        readonly compensate: (undo: UndoOf<A, R>) => unknown;
        readonly undo?: UndoOptions;
        /** Called with the same facts, and a key of its own, when `compensate` has failed for good. */
        readonly alternate?: (undo: UndoOf<A, R>) => unknown;
        /** A refused call is undone too. Default: false. */
        readonly compensateRefused?: true;
        readonly readOnly?: never;
        readonly irreversible?: never;
      }
    | ({ readonly readOnly: true; readonly irreversible?: never } & NoUndo)
    | ({ readonly irreversible: string; readonly readOnly?: never } & NoUndo)
  );

const stepOptions = z
  .strictObject({
    refusedOn: z.array(z.unknown()).optional(),
    repeatable: z.boolean().optional(),
    policies: z.array(z.function()).optional(),
    pivot: z.literal(true).optional(),
    probe: z.function().optional(),
    compensateRefused: z.literal(true).optional(),
    compensate: z.function().optional(),
    undo: z.unknown().optional(),
    alternate: z.function().optional(),
    fatal: z.literal(true).optional(),
    readOnly: z.literal(true).optional(),
    irreversible: z.string().min(1, 'Say why it cannot be undone').optional(),
  })
  .refine(
    (one) => [one.compensate, one.readOnly, one.irreversible].filter((part) => part !== undefined).length === 1,
    'Give exactly one of compensate, readOnly and irreversible',
  );

/**
 * A step out of a plain function. Its name is durable: journals and keys hold it.
 * @throws ConfigurationError when the options do not fit.
 */
export function defineStep<A extends readonly unknown[], R>(
  name: string,
  options: StepOptions<A, R>,
  body: (...args: A) => Promise<R>,
): StepDefinition<A, R> {
  checkOptions(`step ${name}`, stepOptions, options);
  const call = chain(options.policies ?? []);
  const facts = {
    name,
    ...(options.compensate ? { compensation: compensationOf(name, options.compensate, options.undo, options.alternate) } : {}),
    ...(options.readOnly ? { readOnly: true as const } : {}),
    ...(options.irreversible === undefined ? {} : { irreversible: options.irreversible }),
    ...(options.pivot ? { pivot: true as const } : {}),
    ...(options.compensateRefused ? { compensateRefused: true as const } : {}),
    ...(options.fatal ? { fatal: true as const } : {}),
    ...(options.probe ? { probe: options.probe as unknown as NonNullable<Operation['probe']> } : {}),
  };
  return {
    ...facts,
    refusedOn: options.refusedOn ?? [],
    repeatable: options.repeatable ?? true,
    hash: operationHash(facts),
    invoke: (args: A, one: Call) => call(one, () => body(...(one.args as A))) as Promise<R>,
  };
}

function compensationOf(
  step: string,
  run: (undo: never) => unknown,
  options: UndoOptions | undefined,
  alternate: ((undo: never) => unknown) | undefined,
): Compensation {
  return {
    name: run.name || `undo of ${step}`,
    policy: undoPolicy(`undo of ${step}`, options),
    run: run as (undo: AnyUndo) => unknown,
    ...(alternate ? { alternate: alternate as (undo: AnyUndo) => unknown } : {}),
  };
}

export interface SagaOptions<A extends readonly unknown[]> {
  /** Default: 1. Several versions may be registered side by side; a run goes on with the one it began with. */
  readonly version?: number;
  /** The run's id from its arguments. Default: the id given at the start, or a random one. */
  readonly id?: (...args: A) => string;
  /** What `admin.list` finds the run by, from its arguments, such as `(order) => ({ customer: order.customer })`. Default: none. */
  readonly tags?: (...args: A) => Tags;
  /** Least durability of the store that it accepts. Default: any. */
  readonly requires?: Durability;
  /** Checks the first argument before anything is written. */
  readonly input?: Schema;
  /** After this long the run goes backward, unless its pivot has passed. Default: never. */
  readonly deadline?: Duration;
  /** How long completed and compensated runs are kept after their end. Default: what the runtime's option says. */
  readonly retention?: Retention;
}

const sagaOptions = z.strictObject({
  version: z.number().int().min(1).optional(),
  id: z.function().optional(),
  tags: z.function().optional(),
  requires: z.enum(['process', 'host', 'replicated']).optional(),
  input: z.unknown().optional(),
  deadline: z.union([z.number(), z.string()]).optional(),
  retention: z.union([z.number(), z.string()]).optional(),
});

/**
 * A saga out of a plain function. To go on after a crash the function is called again and its finished steps answer
 * from the journal: let it do nothing but call steps and decide upon what they answer.
 * @throws ConfigurationError when the options do not fit.
 */
export function defineSaga<A extends readonly unknown[], R>(
  name: string,
  options: SagaOptions<A>,
  body: (run: RunContext, ...args: A) => Promise<R>,
): SagaDefinition<A, R> {
  checkOptions(`saga ${name}`, sagaOptions, options);
  return {
    name,
    version: options.version ?? 1,
    ...(options.id ? { idOf: options.id } : {}),
    ...(options.tags ? { tagsOf: options.tags } : {}),
    ...(options.requires ? { requires: options.requires } : {}),
    ...(options.input ? { input: options.input } : {}),
    ...(options.deadline === undefined ? {} : { deadlineMs: durationMs(options.deadline, `saga ${name}, deadline`) }),
    ...(options.retention === undefined ? {} : { retentionMs: retentionMs(options.retention, `saga ${name}, retention`) }),
    body: (run, args) => body(run, ...args),
  };
}

/** An ordered list of steps as a saga: no replay rules to keep. Each step gets the saga's input and the result of the step before. */
export interface SagaList<I, P> {
  /** Adds a step. A plain function needs a name, and says in the options how it is undone. */
  step<R>(step: StepDefinition<[I, P], R> | StepDefinition<[I], R> | StepDefinition<[], R>): SagaList<I, R>;
  step<R>(body: (input: I, before: P) => Promise<R>, options: StepOptions<[I, P], R>): SagaList<I, R>;
  /** Adds a step that is taken when `when` says so, forward and backward; else the result before it stays. `when` only looks at what it is given. */
  stepWhen<R>(
    when: (input: I, before: P) => boolean,
    step: StepDefinition<[I, P], R> | StepDefinition<[I], R> | StepDefinition<[], R>,
  ): SagaList<I, R | P>;
  /** The saga, with its steps: `sagas: [list.saga()]` registers both. Its outcome is the last step's result. */
  saga(): SagaDefinition<readonly [I], P>;
}

/** Begins a list: `sagaOf<Transfer>('transfer').step(debit, { compensate: credit }).step(…).saga()`. */
export function sagaOf<I>(name: string, options: SagaOptions<readonly [I]> = {}): SagaList<I, undefined> {
  return listOf<I, undefined>(name, options, []);
}

interface ListedStep<I> {
  readonly step: StepDefinition<[I, unknown], unknown>;
  readonly when?: (input: I, before: unknown) => boolean;
}

function listOf<I, P>(name: string, options: SagaOptions<readonly [I]>, steps: readonly ListedStep<I>[]): SagaList<I, P> {
  const add = <R>(step: unknown, when?: unknown): SagaList<I, R> =>
    listOf<I, R>(name, options, [...steps, { step, when } as ListedStep<I>]);
  return {
    step<R>(
      step: StepDefinition<[I, P], R> | StepDefinition<[I], R> | StepDefinition<[], R> | ((input: I, before: P) => Promise<R>),
      more?: StepOptions<[I, P], R>,
    ) {
      const defined = typeof step === 'function' ? defineStep(`${name}.${step.name}`, more as StepOptions<[I, P], R>, step) : step;
      return add<R>(defined);
    },
    stepWhen: (when, step) => add(step, when),
    saga() {
      const definition = defineSaga<readonly [I], P>(name, options, async (run, input) => {
        let before: unknown;
        for (const { step, when } of steps) if (when?.(input, before) ?? true) before = await run.step(step, input, before);
        return before as P;
      });
      return { ...definition, steps: steps.map(({ step }) => step) };
    },
  };
}
