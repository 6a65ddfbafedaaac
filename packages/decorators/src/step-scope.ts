import { currentScope, systemRandom } from '@redress/core';
import type { Call, Environment, PassScope, RunContext, StepScope } from '@redress/core';
import { unusable } from './binding.js';

const random = systemRandom();
let quiet: AbortSignal | undefined;

/**
 * What the running step knows of itself: its business key, signal and attempt. A step called by a step is a part of
 * it. Outside of sagas the key is a new random word: the same during the repetitions of one `@Retry` call, another one
 * with each `step()` when nothing repeats; `operation` is empty then, and the signal never aborted.
 * @throws ConfigurationError `CONFIG_NO_STEP` in the body of a saga: there the key would change with each replay.
 */
export function step(): StepScope {
  const scope = currentScope();
  if (scope?.step) return scope.step;
  if (!scope?.pass) return { operation: '', key: random.word(), signal: quietSignal(), attempt: 1, ...jotter() };
  throw unusable(
    'CONFIG_NO_STEP',
    'step()',
    'It was called in the body of a saga and in no step, where a key would change with each replay.',
    'Move what talks to the outside into a method with @Compensate or @Step, and call step() there.',
  );
}

/**
 * The run whose body is running: its saga and id, durable waits (`run().sleep('3d')`, `run().receive('approval')`).
 * @throws ConfigurationError `CONFIG_NO_RUN` outside of the body of a saga.
 */
export function run(): RunContext {
  const scope = currentScope();
  if (scope?.pass && !scope.step) return (scope.pass as PassScope).context;
  throw unusable(
    'CONFIG_NO_RUN',
    'run()',
    'It was called outside of the body of a saga.',
    'Call it in a method with @Saga, and in no step: a step cannot wait durably.',
  );
}

/** A call outside of sagas that may be repeated: one key for all its attempts. */
export function plainScope(call: Call, environment: Environment | undefined): StepScope {
  let key: string | undefined;
  // Made when somebody asks for it: this stands around every call.
  let own: ReturnType<typeof jotter> | undefined;
  return {
    get notes() {
      return (own ??= jotter()).notes;
    },
    note: (value) => (own ??= jotter()).note(value),
    operation: call.operation,
    get key() {
      return (key ??= (environment?.random ?? random).word());
    },
    signal: quietSignal(),
    get attempt() {
      return call.attempt;
    },
  };
}

/** Notes of a call outside of sagas: they last as long as it. */
function jotter(): Pick<StepScope, 'notes' | 'note'> {
  const notes: unknown[] = [];
  return { notes, note: async (value) => void notes.push(value) };
}

function quietSignal(): AbortSignal {
  return (quiet ??= new AbortController().signal);
}
