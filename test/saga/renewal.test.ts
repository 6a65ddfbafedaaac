import { createRuntime, defineSaga, defineStep } from '@redress/core';
import type { Store } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { expect, it } from 'vitest';

/** Answers the end of a run only after a heart-beat has seen it. */
function slowToAnswer(inner: Store): { readonly store: Store; readonly beaten: () => boolean } {
  let beat = (): void => {};
  let beaten = false;
  const after = new Promise<void>((resolve) => (beat = resolve));
  const store: Store = {
    ...{ durability: inner.durability, load: (...args) => inner.load(...args), claim: (claim) => inner.claim(claim) },
    ...{ scan: (query) => inner.scan(query), drop: (id, expect_) => inner.drop(id, expect_), now: () => inner.now() },
    ...{ close: () => inner.close(), [Symbol.asyncDispose]: () => inner.close() },
    async commit(change) {
      const commit = await inner.commit(change);
      if (change.head?.status === 'completed') await after;
      return commit;
    },
    async renew(owner, ids, leaseMs) {
      const renewals = await inner.renew(owner, ids, leaseMs);
      if (renewals.some((one) => one.owner === null)) {
        beaten = true;
        setTimeout(beat, 20);
      }
      return renewals;
    },
  };
  return { store, beaten: () => beaten };
}

it('a run whose end is written and not answered yet is not taken for another process’s by its heart-beat', async () => {
  const { store, beaten } = slowToAnswer(memoryStore());
  const work = defineStep('work', { readOnly: true }, async () => 'done');
  const saga = defineSaga('short', { id: (id: string) => id }, async (run, _id) => run.step(work));
  const runtime = createRuntime({ store, sagas: [saga], steps: [work], lease: 200 });
  const left: unknown[] = [];
  runtime.environment.events.on('run.left', (event) => left.push(event.details));
  expect(await runtime.run(saga, ['a'])).toBe('done');
  expect(beaten()).toBe(true);
  expect(left).toEqual([]);
  await runtime.stop();
});
