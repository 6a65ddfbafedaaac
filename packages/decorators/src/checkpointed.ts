import { scoped } from './checkpoints.js';
import { checkCheckpointOptions, ConfigurationError } from '@redress/core';
import type { CheckpointOptions } from '@redress/core';
import { markClass, noteRestored, noteTransient } from './checkpointed-marks.js';
import type { CheckpointedOptions } from './checkpointed-marks.js';
import type { MethodMark } from './fit.js';
import { mark, written } from './mark.js';
import type { Place } from './mark.js';
import type { Class } from './registry.js';

/** Of one method. */
export interface CheckpointedMethodOptions {
  /** Its caller has the answer when a checkpoint has what it did. Default: false. */
  readonly after?: boolean;
}

/** Stands at a class, or at a method of it that returns a promise. */
export interface CheckpointedClassMark {
  (type: Class, context?: ClassDecoratorContext): void;
}

/** Stands at a method, whatever it returns. */
export type AnyMethodMark = (target: object, context: string | ClassMethodDecoratorContext, descriptor?: unknown) => void;

/** Stands at a field. */
export type FieldMark = (target: object | undefined, context: string | ClassFieldDecoratorContext) => void;

/**
 * At a method: what it wrote is taken back when it throws, and the objects of the class serve one such call at a time. At a
 * class: says what the state of its objects is, and how checkpoints of it are kept.
 * @throws ConfigurationError at definition, when an option does not fit, or the class has `#private` fields, which nothing can see.
 */
export function Checkpointed(options?: CheckpointedMethodOptions): MethodMark & CheckpointedClassMark;
export function Checkpointed<S>(options: CheckpointedOptions<S>): CheckpointedClassMark;
export function Checkpointed(options: CheckpointedOptions & CheckpointedMethodOptions = {}): MethodMark & CheckpointedClassMark {
  const shown = written('Checkpointed', options);
  const decorate = (...place: [target: unknown, context?: unknown, descriptor?: unknown]): unknown => {
    const [target, context] = place;
    const kind = (context as { readonly kind?: unknown } | undefined)?.kind;
    if (typeof target === 'function' && (context === undefined || kind === 'class'))
      return atClass(target as unknown as Class, shown, options);
    return mark('checkpointed', shown, place as unknown as Place, (subject) => {
      const { after = false, ...others } = options;
      if (Object.keys(others).length > 0) throw misplaced(subject, `${shown} has options of a class.`, 'Write them at the class.');
      return { shown, after, around: scoped };
    });
  };
  return decorate as MethodMark & CheckpointedClassMark;
}

function atClass(type: Class, shown: string, options: CheckpointedOptions): undefined {
  const subject = `${type.name}, ${shown}`;
  const { id, privateFields, ...rest } = options;
  if ('after' in rest) throw misplaced(subject, 'It has options of a method.', 'Write "after" at the method.');
  if (id !== undefined && typeof id !== 'function')
    throw misplaced(subject, 'Its id is no function of the object.', 'Write id: (account: Account) => account.no.');
  checkCheckpointOptions(subject, rest as CheckpointOptions);
  const fields = privateFields === 'ignored' ? [] : privateNames(type);
  if (fields.length > 0) {
    throw misplaced(
      subject,
      `Nothing can see its private ${fields.join(', ')}, to take back or keep what is written there.`,
      "Write `private` without the #, or say privateFields: 'ignored' when they are no state.",
    );
  }
  markClass(type, options);
  return undefined;
}

/** Private fields, and not methods, that the source of the class writes or reads. */
function privateNames(type: Class): readonly string[] {
  const source = Function.prototype.toString.call(type);
  return [...new Set([...source.matchAll(/\bthis\.(#[\w$]+)(?!\s*\(|[\w$])/g)].map(([, name]) => name as string))];
}

/** At a method that writes nothing: it sees what is committed, and waits for no other call. */
export function ReadOnly(): AnyMethodMark {
  return ((...place: [unknown, unknown, unknown?]) =>
    mark('readOnly', '@ReadOnly()', place, () => ({ shown: '@ReadOnly()' }))) as AnyMethodMark;
}

/** At a field that is no state: neither taken back nor kept. */
export function Transient(): FieldMark {
  return (target, context) => {
    if (typeof context === 'object') {
      if (context.kind !== 'field' || typeof context.name !== 'string')
        throw misplaced(String(context.name), '@Transient() stands at no field.', 'Put it at a field with a name.');
      const { name } = context;
      context.addInitializer(function (this: unknown) {
        noteTransient(Object.getPrototypeOf(this) as object, name);
      });
    } else {
      noteTransient(target as object, context);
    }
  };
}

/** At a method that is called with how the object was restored, before the first call; also when there was nothing to restore. */
export function AfterRestore(): AnyMethodMark {
  return (target, context) => {
    if (typeof context === 'object') {
      const { name } = context;
      if (context.kind !== 'method' || context.private || typeof name !== 'string')
        throw misplaced(String(name), '@AfterRestore() stands at no method.', 'Put it at a method with a name.');
      context.addInitializer(function (this: unknown) {
        noteRestored(Object.getPrototypeOf(this) as object, name);
      });
    } else {
      noteRestored(target, context);
    }
  };
}

function misplaced(subject: string, cause: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ subject, cause, remedy }]);
}
