import { createRuntime, createEventBus } from '@redress/core';
import type { Change, RedressEvent, Runtime, RuntimeOptions, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { seededRandom, VirtualClock } from '@redress/testkit';

/** A store that notes each commit that it is asked for. */
export function countingStore(store: Store): { store: Store; commits: Change[] } {
  const commits: Change[] = [];
  const commit: Store['commit'] = (change) => {
    commits.push(change);
    return store.commit(change);
  };
  return { commits, store: wrapStore(store, { commit }) };
}

/** A store with some of its verbs replaced. */
export function wrapStore(store: Store, verbs: Partial<Store>): Store {
  return {
    durability: store.durability,
    load: (...args) => store.load(...args),
    commit: (...args) => store.commit(...args),
    claim: (...args) => store.claim(...args),
    renew: (...args) => store.renew(...args),
    scan: (...args) => store.scan(...args),
    drop: (...args) => store.drop(...args),
    now: () => store.now(),
    ...(store.watch && { watch: store.watch.bind(store) }),
    ...(store.dueIn && { dueIn: store.dueIn.bind(store) }),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
    ...verbs,
  };
}

export interface Process {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly events: RedressEvent[];
  readonly commits: Change[];
  /** From now on nothing that this process asks is answered, and nothing that it asks has an effect. */
  kill(): void;
  /** As SIGSTOP and SIGCONT: what it asks is held up until it goes on. */
  pause(): void;
  resume(): void;
}

type Options = Omit<RuntimeOptions, 'store' | 'environment'>;

/** Several processes with one virtual clock over one memory database. */
export class World {
  readonly clock = new VirtualClock();
  readonly database = createMemoryDatabase();
  private seed = 1;
  /** Processes that begin now hear no news, and find everything by asking. */
  deaf = false;

  /** A view of the store that nobody kills. */
  readonly store = memoryStore({ clock: this.clock, shared: this.database });

  /** `clock`: of the process alone, when it is not to be the world's, which is also the store's. */
  process(options: Options, verbs: (store: Store) => Partial<Store> = () => ({}), clock = this.clock): Process {
    const random = seededRandom(this.seed++);
    const events: RedressEvent[] = [];
    const bus = createEventBus();
    bus.on('*', (event) => events.push(event));
    let gate: Promise<void> = Promise.resolve();
    let open = (): void => {};
    const inner = memoryStore({ clock: this.clock, shared: this.database, random });
    const { store: counted, commits } = countingStore(wrapStore(inner, verbs(inner)));
    const { watch, dueIn } = counted as Required<Store>;
    const told: Partial<Store> = {
      watch: (topic, heard) => watch(topic, (news) => void gate.then(() => heard(news))),
      dueIn: async (wanted) => gated(dueIn)(wanted),
    };
    const gated =
      <A extends unknown[], R>(verb: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        await gate;
        const answer = await verb(...args);
        await gate;
        return answer;
      };
    const store = wrapStore(counted, {
      load: gated(counted.load),
      commit: gated(counted.commit),
      claim: gated(counted.claim),
      renew: gated(counted.renew),
      now: gated(counted.now),
      ...told,
    });
    if (this.deaf) delete (store as Partial<Store>).watch;
    const runtime = createRuntime({ ...options, store, environment: { clock, random, events: bus } });
    return {
      runtime,
      store,
      events,
      commits,
      kill: () => void (gate = new Promise(() => {})),
      pause: () => void (gate = new Promise((resolve) => (open = resolve))),
      resume: () => open(),
    };
  }
}
