import { describe, expect, it } from 'vitest';
import { memoryStore } from '@redress/memory';
import type { LogContext } from '@redress/core';
import { Logged, openLog } from './index.js';

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
