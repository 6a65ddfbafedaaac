import type { ErrorClass } from '../base/codec-tree.js';
import { ConfigurationError } from '../base/errors.js';
import type { Problem } from '../base/errors.js';
import { isErrorClass } from '../base/failure.js';
import type { Durability } from '../base/store.js';
import { nameProblem } from './definition.js';
import type { Operation, SagaDefinition } from './definition.js';

const STRENGTH: Readonly<Record<Durability, number>> = { process: 0, host: 1, replicated: 2 };

/** The definitions that a runtime knows, by stable name. */
export class Registry {
  private readonly sagas = new Map<string, Map<number, SagaDefinition>>();
  private readonly operations = new Map<string, Operation>();

  /** Error classes that steps are declared to refuse with: they come back from a journal as themselves. */
  readonly errors: ErrorClass[] = [];

  constructor(private readonly durability: Durability) {}

  /** Adds all or nothing. @throws ConfigurationError with every problem. */
  add(sagas: readonly SagaDefinition[], steps: readonly Operation[]): void {
    const problems: Problem[] = [];
    const operations = [...steps, ...sagas.flatMap((saga) => saga.steps ?? [])];
    const seenSteps = new Map(this.operations);
    for (const operation of operations) {
      problems.push(...this.stepProblems(operation, seenSteps));
      seenSteps.set(operation.name, operation);
    }
    const seenSagas = new Map([...this.sagas].map(([name, versions]) => [name, new Map(versions)]));
    for (const saga of sagas) {
      const versions = seenSagas.get(saga.name) ?? new Map<number, SagaDefinition>();
      problems.push(...this.sagaProblems(saga, versions));
      seenSagas.set(saga.name, versions.set(saga.version, saga));
    }
    if (problems.length > 0) throw new ConfigurationError(problems);
    for (const { refusedOn } of operations) this.errors.push(...refusedOn.filter(isErrorClass));
    for (const [name, operation] of seenSteps) this.operations.set(name, operation);
    for (const [name, versions] of seenSagas) this.sagas.set(name, versions);
  }

  saga(name: string, version: number): SagaDefinition | undefined {
    return this.sagas.get(name)?.get(version);
  }

  /** How long runs are kept after their end, as this version says, or the last one when this is not known. */
  retentionMs(name: string, version: number): number | undefined {
    const versions = this.sagas.get(name);
    return (versions?.get(version) ?? [...(versions?.values() ?? [])].at(-1))?.retentionMs;
  }

  has(saga: SagaDefinition): boolean {
    return this.saga(saga.name, saga.version) === saga;
  }

  names(): readonly string[] {
    return [...this.sagas.keys()];
  }

  operation(name: string): Operation | undefined {
    return this.operations.get(name);
  }

  /** Names of the sagas whose objects this process can have. The others are left to other processes. */
  resolvable(onProblem: (saga: string, error: unknown) => void): readonly string[] {
    const names: string[] = [];
    for (const [name, versions] of this.sagas) {
      try {
        for (const saga of versions.values()) saga.check?.();
        names.push(name);
      } catch (error) {
        onProblem(name, error);
      }
    }
    return names;
  }

  private stepProblems(operation: Operation, seen: ReadonlyMap<string, Operation>): Problem[] {
    const problems = [nameProblem(`step ${operation.name}`, operation.name)];
    const other = seen.get(operation.name);
    if (other !== undefined && other !== operation) {
      problems.push({
        subject: `step ${operation.name}`,
        cause: 'two steps have this stable name.',
        remedy: 'Give one of them another name: keys and undos are found by it.',
      });
    }
    return problems.filter((problem) => problem !== undefined);
  }

  private sagaProblems(saga: SagaDefinition, versions: ReadonlyMap<number, SagaDefinition>): Problem[] {
    const subject = `saga ${saga.name}`;
    const problems = [nameProblem(subject, saga.name)];
    const other = versions.get(saga.version);
    if (other !== undefined && other !== saga) {
      problems.push({
        subject,
        cause: `two definitions have this stable name and version ${saga.version}.`,
        remedy: 'Give one of them another name, or another version.',
      });
    }
    if (saga.requires !== undefined && STRENGTH[this.durability] < STRENGTH[saga.requires]) {
      problems.push({
        subject,
        cause: `it requires the durability "${saga.requires}", and the store offers "${this.durability}".`,
        remedy: 'Use a store that keeps what it has answered, such as sqliteStore(file).',
      });
    }
    return [...problems, ...orderProblems(saga)].filter((problem) => problem !== undefined);
  }
}

/** A list says its order beforehand: what a body would be refused at the call, or be stuck on, is said at the start. */
function orderProblems({ name, steps = [] }: SagaDefinition): Problem[] {
  const pivot = steps.find((step) => step.pivot);
  if (!pivot) return [];
  const problems: Problem[] = [];
  const refuse = (cause: string, remedy: string): void => void problems.push({ subject: `saga ${name}`, cause, remedy });
  for (const step of steps.slice(steps.indexOf(pivot))) {
    if (!step.repeatable && !step.probe) {
      const place = step === pivot ? 'is the pivot' : 'stands after the pivot';
      refuse(
        `${step.name} ${place}, must not be repeated and has no probe: a lost answer leaves the run stuck.`,
        'Let it be repeated with its key, or give it a probe.',
      );
    }
    if (step === pivot) continue;
    if (step.pivot) refuse(`it has two pivots, ${pivot.name} and ${step.name}.`, 'Decide for one point of no return.');
    else if (step.compensation) {
      refuse(
        `${step.name} stands after the pivot and would have to be undone.`,
        'Put it before the pivot, or let it be repeated until it succeeds.',
      );
    }
  }
  return problems;
}
