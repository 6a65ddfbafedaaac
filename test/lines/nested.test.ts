import { independentProcess } from '@redress/core';
import type { IndependentProcess } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { expect, it } from 'vitest';

const open = (group: string, receive: () => Promise<void> = async () => {}): Promise<IndependentProcess> =>
  independentProcess({
    store: memoryStore(),
    group,
    members: ['P'],
    process: { id: 'P', capture: () => '', restore: () => {} },
    receive,
    every: 'never',
  });

it('work that asks its own process for something is told that it would wait for itself, and the process goes on', async () => {
  const [one, other] = [await open('one'), await open('other')];
  const verbs: readonly ((process: IndependentProcess) => Promise<unknown>)[] = [
    (process) => process.checkpoint(),
    (process) => process.run(() => 1),
    (process) => process.rollback(),
    (process) => process.snapshot(),
    (process) => process.stop(),
    (process) => other.run(() => process.checkpoint()),
  ];
  for (const verb of verbs) await expect(one.run(() => verb(one))).rejects.toThrow(/"P" of "one".*would wait for itself/);
  expect(await one.run(() => other.checkpoint())).toBe(1);
  // What the work has begun and left alone may ask when it has ended.
  let later: Promise<number> | undefined;
  const began = await one.run(() => {
    later = new Promise((resolve) => setTimeout(resolve, 20)).then(() => one.checkpoint());
    return 'begun';
  });
  expect([began, await later]).toEqual(['begun', 1]);
  await one.stop();
  await other.stop();
});
