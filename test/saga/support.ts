import type { Change, Store } from '@redress/core';

/** A store that notes each commit that it is asked for. */
export function countingStore(store: Store): { store: Store; commits: Change[] } {
  const commits: Change[] = [];
  return {
    commits,
    store: wrapStore(store, {
      commit: (change) => {
        commits.push(change);
        return store.commit(change);
      },
    }),
  };
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
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
    ...verbs,
  };
}
