import { TrackedMap } from '@redress/core';
import { AfterRestore, Checkpointed, checkpoints, ReadOnly, Transient } from '@redress/decorators';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { expect, it } from 'vitest';

const shared = createMemoryDatabase();
const store = memoryStore({ shared });

@Checkpointed({ id: (account: Account) => account.no, fields: ['no', 'balance', 'entries'], store, durability: 'volatile' })
class Account {
  balance = 100;
  readonly entries = new TrackedMap<string, number>();
  @Transient() socket = 'made by the constructor';
  restored = 0;

  constructor(readonly no: string) {}

  @AfterRestore()
  again(): void {
    this.restored += 1;
  }

  @Checkpointed({ after: true })
  async add(key: string, cents: number, fails = false): Promise<void> {
    this.entries.set(key, cents);
    this.balance += cents;
    if (fails) throw new Error('no');
  }

  @ReadOnly()
  async total(): Promise<number> {
    return this.balance;
  }
}

it('checkpoints work with standard decorators', async () => {
  const first = new Account('a1');
  await first.add('x', 5);
  await expect(first.add('y', 6, true)).rejects.toThrow('no');
  expect([first.balance, [...first.entries]]).toEqual([105, [['x', 5]]]);
  first.socket = 'another';
  const second = new Account('a1');
  expect(await second.total()).toBe(105);
  expect([second.socket, second.restored, [...second.entries]]).toEqual(['made by the constructor', 1, [['x', 5]]]);
  expect(await checkpoints.of(second).history()).toMatchObject([{ number: 1, status: 'current' }]);
});

it('a transient field is neither taken back nor kept', async () => {
  class Cache {
    @Transient() hits = 0;
    n = 0;
    @Checkpointed()
    async up(): Promise<void> {
      this.hits += 1;
      this.n += 1;
      throw new Error('no');
    }
  }
  const cache = new Cache();
  await cache.up().catch(() => {});
  expect([cache.hits, cache.n]).toEqual([1, 0]);
});
