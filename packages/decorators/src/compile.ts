import { durabilityProblems, nameProblem, operationHash } from '@redress/core';
import type { Compensation, Durability, Operation, Problem, SagaDefinition, Tags } from '@redress/core';
import { classMark } from './checkpointed-marks.js';
import { complete } from './class-marks.js';
import { handlerOf } from './handler.js';
import { runBody } from './frame.js';
import { policyProblems } from './protection.js';
import { methodsOf } from './registry.js';
import type { Body, Class, Method, SagaMark, StepMark, UndoMark } from './registry.js';

/** A class as the engine is told about it. */
export interface Compiled {
  readonly type: Class;
  /** Finds the object on which a recovered run or an undo is called. Throws when there is none. */
  readonly resolve: () => object;
  readonly methods: ReadonlyMap<string, Method>;
  readonly sagas: ReadonlyMap<string, SagaDefinition>;
  readonly steps: ReadonlyMap<string, Operation>;
  readonly problems: readonly Problem[];
}

const STRENGTH: readonly Durability[] = ['process', 'host', 'replicated'];

/** Makes definitions of a class's marks, and collects everything that is wrong with them. */
export function compile(type: Class, resolve: () => object, durability: Durability): Compiled {
  const sagas = new Map<string, SagaDefinition>();
  const steps = new Map<string, Operation>();
  const problems: Problem[] = [];
  complete(type);
  const methods = methodsOf(type);
  for (const [key, method] of methods) {
    const subject = `${type.name}.${key}`;
    problems.push(...duplicates(type, subject, method), ...policyProblems(type, subject, method));
    const { saga, step, compensate } = method.marks;
    const [sagaMark] = saga;
    if (sagaMark) {
      const definition = sagaOf(subject, method, resolve);
      sagas.set(key, definition);
      problems.push(...misnamed(type, subject, definition.name, sagaMark.name, durability), ...sagaProblems(subject, method, durability));
    } else if (step.length + compensate.length > 0) {
      const { operation, found } = stepOf(type, key, method, resolve);
      steps.set(key, operation);
      problems.push(...misnamed(type, subject, operation.name, step[0]?.name, durability), ...found);
    }
  }
  const kept = classMark(type.prototype as object);
  problems.push(...durabilityProblems(type.name, kept?.durability ?? 'volatile', kept?.store?.durability ?? durability));
  return { type, resolve, methods, sagas, steps, problems };
}

function sagaOf(subject: string, method: Method, resolve: () => object): SagaDefinition {
  const { shown: _, name, id, tags, ...mark } = method.marks.saga[0] as SagaMark;
  let found = false;
  return {
    ...mark,
    name: name ?? subject,
    ...(id && { idOf: id as (...args: readonly unknown[]) => string }),
    ...(tags && { tagsOf: tags as (...args: readonly unknown[]) => Tags }),
    body: (_run, args) => runBody(method, resolve(), args),
    // Asked at each look for due runs: an object that is made anew each time is made once for it.
    check: () => {
      if (!found) resolve();
      found = true;
    },
  };
}

function sagaProblems(subject: string, { marks }: Method, durability: Durability): readonly Problem[] {
  const problems: Problem[] = [];
  const others = [
    ...marks.step,
    ...marks.compensate,
    ...marks.retry,
    ...marks.policies,
    ...marks.redundant,
    ...marks.checkpointed,
    ...marks.readOnly,
  ].map((mark) => mark.shown);
  if (others.length > 0) {
    problems.push({
      subject,
      cause: `@Saga stands with ${others.join(' and ')}; a saga is no step, and its body is not repeated as one call.`,
      remedy: 'Put them at the steps that the saga calls.',
    });
  }
  const requires = marks.saga[0]?.requires;
  if (requires && STRENGTH.indexOf(requires) > STRENGTH.indexOf(durability)) {
    problems.push({
      subject,
      cause: `It requires a store of durability "${requires}", and this one is of durability "${durability}".`,
      remedy: 'Open a store that survives more, or lower "requires".',
    });
  }
  return problems;
}

function stepOf(type: Class, key: string, method: Method, resolve: () => object): { operation: Operation; found: readonly Problem[] } {
  const subject = `${type.name}.${key}`;
  const {
    step: [step],
    compensate: [undo],
  } = method.marks;
  const found: Problem[] = [];
  let compensation: Compensation | undefined;
  if (undo) {
    const handler = handlerOf(type, undo);
    const other = undo.alternate && handlerOf(type, undo.alternate);
    for (const one of [handler, other]) {
      if (!one || !('cause' in one)) continue;
      found.push({ subject, cause: one.cause, remedy: `${one.remedy} Its one argument is an Undo<${type.name}, '${key}'>.` });
    }
    if ('name' in handler) {
      const run = callerOf(subject, handler.name, resolve);
      const alternate = other && 'name' in other && { alternate: callerOf(subject, other.name, resolve) };
      compensation = { name: handler.name, policy: undo.policy, run, ...alternate };
    }
  }
  const [redundant] = method.marks.redundant;
  if (redundant && step?.repeatable === false) {
    found.push({
      subject,
      cause: `It says repeatable: false, and ${redundant.shown} asks several replicas at once.`,
      remedy: 'Keep one of them.',
    });
  }
  const nothing = [step?.readOnly && 'readOnly', step?.irreversible !== undefined && 'irreversible'].filter(
    (one) => typeof one === 'string',
  );
  if (undo && nothing.length > 0) {
    found.push({
      subject,
      cause: `It has ${undo.shown} and says ${nothing.join(' and ')}, which means that there is nothing to undo.`,
      remedy: 'Keep one of them.',
    });
  } else if (!undo && nothing.length === 0) {
    found.push({
      subject,
      cause: 'Nothing says how this step is undone.',
      remedy: "Add @Compensate((self: TheClass) => self.handler), or say @Step({ readOnly: true }) or @Step({ irreversible: 'why' }).",
    });
  }
  const { pivot, compensateRefused, fatal } = step ?? {};
  const more = {
    ...(pivot && { pivot }),
    ...(compensateRefused && { compensateRefused }),
    ...(fatal && { fatal }),
    ...probeOf(type, subject, step, resolve, found),
  };
  const parts = {
    name: step?.name ?? subject,
    ...(compensation && { compensation }),
    ...(step?.readOnly && { readOnly: true as const }),
    ...(step?.irreversible !== undefined && { irreversible: step.irreversible }),
  };
  return {
    operation: { ...parts, ...more, refusedOn: step?.refusedOn ?? [], repeatable: step?.repeatable ?? true, hash: operationHash(parts) },
    found,
  };
}

function probeOf(
  type: Class,
  subject: string,
  step: StepMark | undefined,
  resolve: () => object,
  found: Problem[],
): Pick<Operation, 'probe'> {
  if (!step?.probe) return {};
  const handler = handlerOf(type, step.probe);
  if ('name' in handler) return { probe: callerOf(subject, handler.name, resolve) as NonNullable<Operation['probe']> };
  found.push({ subject, ...handler });
  return {};
}

/** Calls a method by its name, on the object that is found then: an override applies. */
function callerOf(subject: string, handler: string, resolve: () => object): Compensation['run'] {
  return (given) => {
    const instance = resolve() as Record<string, Body | undefined>;
    const method = instance[handler];
    if (typeof method !== 'function') throw new TypeError(`The object found for ${subject} has no method "${handler}".`);
    return method.call(instance, given);
  };
}

function duplicates(type: Class, subject: string, { marks }: Method): readonly Problem[] {
  return [marks.saga, marks.step, marks.compensate, marks.redundant, marks.checkpointed, marks.readOnly].flatMap(
    (same: readonly { readonly shown: string }[]) => {
      if (same.length < 2) return [];
      const named = same === marks.compensate ? ` (${marks.compensate.map((mark) => handlerName(type, mark)).join(', ')})` : '';
      return [{ subject, cause: `It has ${same.map((mark) => mark.shown).join(' and ')}${named}.`, remedy: 'Keep one of them.' }];
    },
  );
}

function handlerName(type: Class, mark: UndoMark): string {
  const handler = handlerOf(type, mark);
  return 'name' in handler ? handler.name : 'no method';
}

function misnamed(type: Class, subject: string, name: string, given: string | undefined, durability: Durability): readonly Problem[] {
  const remedy = "Give it a name of its own, such as @Step({ name: 'charge' }) or @Saga({ name: 'place-order' }).";
  if (given === undefined && type.name === '') {
    return [{ subject: `(a class without a name)${subject}`, cause: 'There is no class name to make a stable name of.', remedy }];
  }
  if (given === undefined && type.name.length <= 2 && durability !== 'process') {
    return [
      {
        subject,
        cause: `The class name "${type.name}" looks like a minifier's work: the next build would change every key and orphan every undo.`,
        remedy,
      },
    ];
  }
  const problem = nameProblem(subject, name);
  return problem ? [problem] : [];
}
