import { sleep } from '../base/clock.js';
import type { Environment } from '../base/environment.js';
import { StoreUnavailableError } from '../base/errors.js';
import type { Operation, SagaDefinition } from './definition.js';
import { operationHash, undoPolicy } from './definition.js';
import { CHILD, childId, childSaga, isChild, parentOf } from './child-key.js';
import { OwnershipLostError, RuntimeStoppedError, SagaCompensatedError, SagaStillRunningError, SagaStuckError } from './errors.js';
import type { History } from './history.js';
import { readMeta } from './meta.js';
import type { Meta } from './meta.js';
import { streamOf } from './desk.js';
import type { Desk } from './desk.js';
import type { Room } from './room.js';
import type { RunHandle, StartOptions, WaitOptions } from './runtime-types.js';
import type { Invoke } from './step-call.js';
import type { Verbs } from './verbs.js';

/** How a child is started. `parent`: the stream of the run whose step it is. */
export interface ChildOptions extends StartOptions {
  readonly parent?: string;
}

/** What children need of the runtime. */
export interface ChildHost {
  readonly desk: Desk;
  readonly places: Room;
  start(saga: SagaDefinition, args: readonly unknown[], options: ChildOptions): Promise<RunHandle>;
  handle(saga: string, id: string): RunHandle;
}

const POLL_MS = 1_000;
// A child's undo takes as long as it takes: its own undos are bounded.
const UNBOUNDED_MS = 2_147_483_647;

/**
 * A saga that a saga calls is a step of it: a run of its own, whose id is the step's key, so that a repeated call meets
 * the same run. Undoing the step undoes that run, wherever it is: completed, under way, or not begun.
 */
export class Children {
  private readonly operations = new Map<string, Operation>();

  constructor(
    private readonly host: ChildHost,
    private readonly verbs: Verbs,
  ) {}

  /** The operation that stands for a saga as a step; undefined when the name is of something else. */
  named(operation: string): Operation | undefined {
    return isChild(operation) ? this.operation(childSaga(operation)) : undefined;
  }

  operation(saga: string): Operation {
    let operation = this.operations.get(saga);
    if (!operation) this.operations.set(saga, (operation = this.make(saga)));
    return operation;
  }

  /** Starts the child, or meets it, and waits for its end. `onPivot`: its pivot has passed, so it cannot be undone. */
  invoke(saga: SagaDefinition, body: StartOptions['body'], onPivot: () => void): Invoke {
    return async (args, call) => {
      const { key } = call as unknown as { readonly key: string };
      const { environment, signal } = call;
      const id = childId(key);
      const options: WaitOptions = signal ? { signal } : {};
      let handle: RunHandle | undefined;
      for (;;) {
        try {
          const child = (handle ??= await this.host.start(saga, args, { id, parent: parentOf(key), ...(body ? { body } : {}) }));
          const result = await this.host.places.waiting(parentOf(key), () => child.outcome(options));
          if ((await this.pivotOf(saga.name, key)) === 'passed') onPivot();
          return result;
        } catch (error) {
          if (signal?.aborted || !mayGoOn(error)) throw error;
          await sleep((environment as Environment).clock, POLL_MS, signal);
        }
      }
    };
  }

  /**
   * What has become of the pivots of the children that a run waits for: theirs are its own. A store that does not answer
   * leaves it undecided.
   */
  async pivots(history: History): Promise<Meta['pivot']> {
    const open = history.steps.filter(({ intent, outcome }) => !outcome && isChild(intent.operation));
    const asked = open.map(({ intent }) => this.pivotOf(childSaga(intent.operation), intent.key));
    try {
      const found = new Set(await Promise.all(asked));
      return found.has('passed') ? 'passed' : found.has('undecided') ? 'undecided' : undefined;
    } catch (error) {
      if (error instanceof StoreUnavailableError) return 'undecided';
      throw error;
    }
  }

  private async pivotOf(saga: string, key: string): Promise<Meta['pivot']> {
    const found = await this.host.desk.store.load(streamOf(saga, childId(key)), { limit: 0 });
    return readMeta(found?.head.meta ?? '').pivot;
  }

  /** False: it was undone. Whatever else it ends with is told: stuck and mixed children need a person, and so does the parent. */
  private completed(child: RunHandle): Promise<boolean> {
    return child.outcome().then(
      () => true,
      (error: unknown) => (error instanceof SagaCompensatedError ? false : Promise.reject(error as Error)),
    );
  }

  private make(saga: string): Operation {
    const name = `${CHILD}${saga}`;
    const policy = { ...undoPolicy(name, { total: true }), timeoutMs: UNBOUNDED_MS };
    const compensation = {
      name: `undo of ${saga}`,
      policy,
      run: async ({ forwardKey, cause }: { readonly forwardKey: string; readonly cause: unknown }): Promise<void> => {
        const id = childId(forwardKey);
        // One that completed all the same is asked anew: it is undone then, or its pivot has passed.
        do await this.verbs.undoChild(saga, id, cause, parentOf(forwardKey));
        while (await this.host.places.waiting(parentOf(forwardKey), () => this.completed(this.host.handle(saga, id))));
      },
    };
    // A child that was undone has left nothing behind.
    const facts = { name, compensation };
    return { ...facts, refusedOn: ['SAGA_COMPENSATED'], repeatable: true, hash: operationHash(facts) };
  }
}

/** It says nothing of how the child ends: a person will resolve one that is stuck, and what else is in the way passes. */
function mayGoOn(error: unknown): boolean {
  if (error instanceof SagaStuckError || error instanceof StoreUnavailableError) return true;
  return error instanceof RuntimeStoppedError || error instanceof OwnershipLostError || error instanceof SagaStillRunningError;
}
