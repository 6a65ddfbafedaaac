import { currentScope, defineSaga, defineStep, retry } from '@redress/core';
import type {
  AnyUndo,
  Interceptor,
  Operation,
  Probe,
  ProbeAnswer,
  RunContext,
  SagaDefinition,
  StepDefinition,
  StepScope,
} from '@redress/core';
import type { Outside, Spec } from './outside.js';
import { CHILD_NAMES, CHILDREN, LOOK_MS, NAMES, OPERATIONS, STEP_MS, UNDO_MS } from './plan.js';
import type { ChildName, OperationName, Plan, Traits } from './plan.js';
import type { Life } from './timeline.js';

export const SAGA = 'sim';

/** Of an operation that is a saga: what stands before the saga's name. */
export const CHILD_PREFIX = '@saga ';

type SimSaga = SagaDefinition<[string, string, Plan], unknown>;
type SimStep = StepDefinition<[Spec], unknown>;

/** The sagas and the steps of one process. */
export interface Definitions {
  /** The one that is started. */
  readonly saga: SimSaga;
  readonly sagas: readonly SimSaga[];
  readonly steps: readonly Operation[];
}

/** What a plan is made of, in one process. */
interface Parts {
  readonly steps: ReadonlyMap<OperationName, SimStep>;
  readonly sagas: ReadonlyMap<ChildName, SimSaga>;
}

/** From era 3 on there are sagas that are steps of others. */
export function definitionsOf(life: Life, outside: Outside, era: number): Definitions {
  const steps = new Map(NAMES.map((name) => [name, stepOf(name, life, outside)]));
  const sagas = new Map<ChildName, SimSaga>();
  const body = (run: RunContext, _id: string, _input: string, plan: Plan): Promise<unknown> => perform(run, { steps, sagas }, plan);
  for (const name of era >= 3 ? CHILD_NAMES : []) {
    const deadline = CHILDREN[name];
    sagas.set(name, defineSaga(name, deadline === undefined ? {} : { deadline }, body));
  }
  const options = { id: (id: string, _input: string, _plan: Plan) => id };
  const saga = defineSaga(SAGA, options, body);
  return { saga, sagas: [saga, ...sagas.values()], steps: [...steps.values()] };
}

/** Does what a plan says. What it answers depends on what the steps answer, and on nothing else. */
async function perform(run: RunContext, parts: Parts, plan: Plan): Promise<unknown> {
  switch (plan.do) {
    case 'step':
      return run.step(parts.steps.get(plan.op) as SimStep, plan.spec);
    case 'child':
      return run.child(parts.sagas.get(plan.saga) as SimSaga, '', plan.name, plan.plan);
    case 'seq': {
      const answers: unknown[] = [];
      for (const part of plan.parts) answers.push(await perform(run, parts, part));
      return answers;
    }
    case 'all':
      return Promise.all(plan.parts.map((part) => perform(run, parts, part)));
    case 'settled': {
      const settled = await Promise.allSettled(plan.parts.map((part) => perform(run, parts, part)));
      return settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message));
    }
    case 'try':
      try {
        return await perform(run, parts, plan.part);
      } catch (error) {
        return [(error as Error).message, await perform(run, parts, plan.otherwise)];
      }
    case 'throw':
      throw new Error(plan.message);
    case 'forget':
      perform(run, parts, plan.part).catch(() => {});
      return 'forgotten';
    case 'sleep':
      await run.sleep(plan.ms);
      return 'slept';
    case 'receive':
      return (await run.receive(plan.name, plan.timeout === undefined ? {} : { timeout: plan.timeout })) ?? 'nothing came';
    case 'rest':
      for (let i = 0; i < plan.turns; i++) await Promise.resolve();
      return 'rested';
  }
}

function stepOf(name: OperationName, life: Life, outside: Outside): SimStep {
  const traits: Traits = OPERATIONS[name];
  const body = (spec: Spec): Promise<unknown> => {
    const step = currentScope()?.step as StepScope;
    const acted = outside.act(life, step, !traits.readOnly, spec);
    return traits.obedient ? obeying(step.signal, acted) : acted;
  };
  const policies = [...(traits.retried ? [retry({ maxRetries: 2, delay: 50 })] : []), ...(traits.timed ? [timeLimit] : [])];
  const probe = ({ key, args }: Probe): Promise<ProbeAnswer> => outside.probe(life, name, runOf(key), key, args[0] as Spec);
  const common = {
    policies,
    ...(traits.once ? { repeatable: false } : {}),
    ...(traits.pivot ? { pivot: true as const } : {}),
    ...(traits.probed ? { probe } : {}),
  };
  if (traits.readOnly) return defineStep(name, { ...common, readOnly: true }, body);
  if (traits.irreversible) return defineStep(name, { ...common, irreversible: 'it is gone' }, body);
  const total = traits.total ?? false;
  const compensate = (undo: AnyUndo): Promise<void> => outside.undo(life, name, runOf(undo.forwardKey), undo, total, undo.args[0] as Spec);
  const undo = {
    ...{ total, delay: 50, maxDelay: 400, timeout: UNDO_MS, lateEffectMs: LOOK_MS },
    ...(traits.brittle ? { maxRetries: 2 } : {}),
  };
  return defineStep<[Spec], unknown>(name, { ...common, compensate, undo }, body);
}

/** `<saga>/<id>` of a key: the id of a child is a key itself. */
function runOf(key: string): string {
  return key.slice(0, key.lastIndexOf('~'));
}

/** An attempt that takes too long is told to be lost. */
const timeLimit: Interceptor = (call, next) =>
  new Promise((resolve, reject) => {
    const late = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
    const timer = call.environment?.clock.setTimer(STEP_MS, () => reject(late), { background: true });
    void next()
      .finally(() => timer?.cancel())
      .then(resolve, reject);
  });

function obeying(signal: AbortSignal, work: Promise<unknown>): Promise<unknown> {
  if (signal.aborted) return Promise.reject(new Error('told to stop'));
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Error('told to stop'));
    signal.addEventListener('abort', stop, { once: true });
    void work.finally(() => signal.removeEventListener('abort', stop)).then(resolve, reject);
  });
}
