import { describe, expect, it } from 'vitest';
import { memoryStore } from '@redress/memory';
import type { LogContext } from '@redress/core';
import { Checkpointed, checkpoints, Logged, openLog } from './index.js';

class Account {
  readonly id: string = 'account-7';
  cents = 0;
  drawn: number[] = [];

  capture(): string {
    return JSON.stringify([this.cents, this.drawn]);
  }

  restore(state: string | Uint8Array | undefined): void {
    [this.cents, this.drawn] = state === undefined ? [0, []] : (JSON.parse(String(state)) as [number, number[]]);
  }

  @Logged()
  deposit({ cents }: { cents: number }): number {
    return (this.cents += cents);
  }

  @Logged({ type: 'lottery' })
  draw(_: unknown, context: LogContext): void {
    this.drawn.push(context.random());
  }
}

describe('@Logged', () => {
  it('hands each message to the method of its type, and again what the log holds', async () => {
    const store = memoryStore();
    const first = new Account();
    const log = await openLog(first, { store });
    expect(await (await log.accept({ type: 'deposit', from: 'a', sequence: 1, body: { cents: 5 } })).done).toBe(5);
    await (
      await log.accept({ type: 'lottery', from: 'a', sequence: 2, body: null })
    ).done;
    const second = new Account();
    const again = await openLog(second, { store });
    expect(second).toEqual(first);
    expect(second.drawn.length).toBe(1);
    await again.close();
  });

  it('calls an override, and the methods of the class that is extended', async () => {
    class Savings extends Account {
      override readonly id = 'savings';
      override deposit(body: { cents: number }): number {
        return super.deposit({ cents: body.cents * 2 });
      }
    }
    const savings = new Savings();
    const log = await openLog(savings, { store: memoryStore() });
    expect(await (await log.accept({ type: 'deposit', body: { cents: 5 } })).done).toBe(10);
    await log.close();
  });

  it('parks what no method handles, and says which types there are', async () => {
    const log = await openLog(new Account(), { store: memoryStore() });
    const { done } = await log.accept({ type: 'withdraw', body: 1 });
    await expect(done).rejects.toThrow(/"withdraw", which none of its methods handles\. There are: deposit, lottery/);
    await log.close();
  });

  it('refuses an object without a mark, one without a state, and two methods of one type', async () => {
    class Plain {}
    class Stateless {
      @Logged() hear(): void {}
    }
    await expect(openLog(new Plain(), { store: memoryStore() })).rejects.toThrow(/None of its methods is marked/);
    await expect(openLog(new Stateless(), { store: memoryStore() })).rejects.toThrow(/state/);
    expect(() => {
      class Twice {
        @Logged({ type: 'x' }) one(): void {}
        @Logged({ type: 'x' }) two(): void {}
      }
      return Twice;
    }).toThrow(/"one" and "two" handle the type "x"/);
  });
});

describe('@Logged beside @Checkpointed', () => {
  class Till {
    cents = 0;
    seen = 0;
    constructor(readonly id = 'till') {}

    @Logged()
    @Checkpointed()
    async deposit({ cents, fails = false }: { cents: number; fails?: boolean }, context: LogContext): Promise<number> {
      this.seen += 1;
      this.cents += cents;
      await context.effect('ask', () => {
        if (fails) throw new Error('declined');
      });
      return this.cents;
    }
  }

  it.each([true, false])('keeps the state of the methods, and what one wrote that threw goes (atomic: %s)', async (atomic) => {
    const store = memoryStore();
    const open = async (till: Till) => openLog(till, { store, atomic, checkpointEvery: 2, attempts: 2 });
    const first = new Till();
    const log = await open(first);
    const send = async (sequence: number, body: object) => (await log.accept({ type: 'deposit', from: 'a', sequence, body })).done;
    expect(await send(1, { cents: 5 })).toBe(5);
    await expect(send(2, { cents: 7, fails: true })).rejects.toThrow('declined');
    expect([await send(3, { cents: 1 }), await send(4, { cents: 1 })]).toEqual([6, 7]);
    const second = new Till();
    const again = await open(second);
    await again.drained();
    expect([second.cents, second.seen]).toEqual([first.cents, first.seen]);
    expect([second.cents, second.seen]).toEqual([7, 3]);
    await again.close();
  });

  it('is refused where a store keeps the checkpoints: its messages would be handled twice', async () => {
    const store = memoryStore();
    @Checkpointed({ id: (one: Kept) => one.id, fields: ['cents', 'seen'], store })
    class Kept extends Till {}
    await expect(openLog(new Kept(), { store })).rejects.toThrow(/Kept: A store keeps its checkpoints.*Leave id and store out/);
    expect(() => checkpoints.of(new Kept('other')).recoverable()).toThrow(expect.objectContaining({ code: 'CHECKPOINT_VERB' }));
  });
});
