import { memoryStore } from '@redress/memory';
import { Logged, openLog } from '@redress/decorators';
import { expect, it } from 'vitest';

class Counter {
  readonly id = 'counter';
  #count = 0;

  capture(): string {
    return String(this.#count);
  }

  restore(state: unknown): void {
    this.#count = state === undefined ? 0 : Number(state);
  }

  @Logged({ type: 'add' })
  plus(by: number): number {
    return (this.#count += by);
  }
}

it('@Logged stands at methods with the standard semantics as well', async () => {
  const store = memoryStore();
  const log = await openLog(new Counter(), { store });
  expect(await (await log.accept({ type: 'add', body: 2 })).done).toBe(2);
  await log.close();
  const again = await openLog(new Counter(), { store });
  expect(await (await again.accept({ type: 'add', body: 3 })).done).toBe(5);
  await again.close();
});
