import { createEnvironment, StoreUnavailableError } from '@redress/core';
import type { CheckpointOptions, Store } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { VirtualClock } from '@redress/testkit';
import { expect, it } from 'vitest';
import { Account, FIELDS } from './support.js';
import { checkpointed } from '@redress/core';

function open(options: CheckpointOptions, fail: () => boolean = () => false) {
  const clock = new VirtualClock();
  const inner = memoryStore();
  const verbs = Object.fromEntries(
    (['load', 'claim', 'scan', 'drop', 'now', 'renew'] as const).map((verb) => [verb, inner[verb].bind(inner)]),
  );
  const commits: string[] = [];
  const commit: Store['commit'] = (change) => {
    // One without entries takes the object over.
    const last = change.entries.at(-1);
    if (last) commits.push(last.key);
    return fail() ? Promise.reject(new StoreUnavailableError('down')) : inner.commit(change);
  };
  const store = Object.assign(Object.create(inner) as Store, verbs, { commit });
  const account = new Account();
  const handle = checkpointed(account, { id: 'a1', fields: FIELDS, store, environment: createEnvironment({ clock }), ...options });
  return { clock, account, handle, commits, up: () => handle.run('up', () => void (account.balance += 1)) };
}

it('a checkpoint is taken so long after the first change, and none when nothing changes', async () => {
  const { clock, handle, commits, up } = open({ every: { ms: '5s' } });
  await handle.start();
  await clock.advance(60_000);
  await up();
  await clock.advance(4_000);
  await up();
  expect(await handle.history()).toHaveLength(0);
  await clock.advance(1_100);
  expect(await handle.history()).toHaveLength(1);
  await clock.advance(60_000);
  expect(commits).toEqual(['created', 'c1']);
  await handle.stop();
});

it('a checkpoint is taken after so many calls, and two never at once', async () => {
  const { handle, commits, up } = open({ every: { calls: 10 } });
  await handle.start();
  await Promise.all(Array.from({ length: 35 }, up));
  await handle.stop();
  expect(commits.length).toBeGreaterThanOrEqual(2);
  expect(commits).toEqual(['created', ...commits.slice(1).map((_, i) => `c${i + 1}`)]);
});

it('CK11 a checkpoint that failed is taken again, also when no more calls come', async () => {
  let down = false;
  const { clock, handle, up } = open({ every: { ms: '5s' } }, () => down);
  await handle.start();
  await up();
  down = true;
  await clock.advance(10_000);
  expect(await handle.history()).toHaveLength(0);
  down = false;
  await clock.advance(20_000);
  expect(await handle.history()).toMatchObject([{ status: 'current', kind: 'base' }]);
  await handle.stop();
});

it('what goes with a checkpoint is asked in the turn whose state it has', async () => {
  const { account, handle, up } = open({ keep: 5 });
  await handle.start();
  let position = 0;
  const step = async (): Promise<void> => {
    await up();
    position += 1;
  };
  await step();
  const first = handle.save(() => ({ logPosition: position }));
  const second = handle.save(() => ({ logPosition: position }));
  await step();
  await Promise.all([first, second]);
  for (const { number, logPosition } of await handle.history()) {
    await handle.rollback({ to: number });
    expect(account.balance - 100).toBe(logPosition);
  }
});
