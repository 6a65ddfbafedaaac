import { createEnvironment, recoveryInfo } from '@redress/core';
import type { RedressEvent } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { Checkpointed, Compensate, Fallback, RateLimit, redress, Repair, Retry, Saga, Timeout } from './index.js';
import type { App, Undo } from './index.js';

const apps: App[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

describe('what is told of a call', () => {
  it('says to the undo that a step whose whole time is over may have done something, whoever has answered in its place', async () => {
    class Shop {
      readonly undone: string[] = [];
      @Timeout({ value: 10, scope: 'total' })
      @Fallback({ value: 'instead' })
      @Compensate((shop: Shop) => shop.undo, { total: true })
      async pay(): Promise<string> {
        return new Promise(() => {});
      }
      async undo(undo: Undo<Shop, 'pay'>): Promise<void> {
        this.undone.push(`${undo.outcome}${undo.alsoUnknown ? ' also unknown' : ''}`);
      }
      @Saga()
      async run(): Promise<void> {
        await this.pay();
        throw new Error('back');
      }
    }
    const shop = new Shop();
    apps.push(await redress({ store: memoryStore(), instances: [shop], worker: false }));
    await expect(shop.run()).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'back' } });
    expect(shop.undone).toEqual(['done also unknown']);
  });

  it('says to the undo that a step was executed whose result was turned down, when the next attempt is not let through', async () => {
    class Shop {
      readonly undone: string[] = [];
      @Retry({ maxRetries: 1, delay: 0, retryOnResult: (result) => result === 'pending' })
      @RateLimit({ value: 1, window: '1h' })
      @Compensate((shop: Shop) => shop.undo, { total: true })
      async pay(): Promise<string> {
        return 'pending';
      }
      async undo(undo: Undo<Shop, 'pay'>): Promise<void> {
        this.undone.push(undo.outcome);
      }
      @Saga()
      async run(): Promise<void> {
        await this.pay();
      }
    }
    const shop = new Shop();
    apps.push(await redress({ store: memoryStore(), instances: [shop], worker: false }));
    await expect(shop.run()).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { code: 'RATE_LIMITED' } });
    expect(shop.undone).toEqual(['unknown']);
  });

  it('is its end once, and how its number came about, when it is checkpointed', async () => {
    class Account {
      balance = 0;
      @Checkpointed()
      @Retry({ maxRetries: 1, delay: 0, retryOn: [RangeError] })
      async retried(): Promise<number> {
        this.balance += 1;
        throw new RangeError('no');
      }
      @Checkpointed()
      @Fallback({ value: -1 })
      async answered(): Promise<number> {
        throw new RangeError('no');
      }
      @Checkpointed()
      async plain(): Promise<number> {
        return (this.balance += 1);
      }
    }
    const account = new Account();
    const environment = createEnvironment();
    const ended: RedressEvent[] = [];
    environment.events.on('call.ended', (event) => void ended.push(event));
    apps.push(await redress({ store: memoryStore(), instances: [account], environment, worker: false }));
    await expect(account.retried()).rejects.toThrow('no');
    const answer = account.answered();
    expect([await answer, recoveryInfo(answer)]).toMatchObject([-1, { fallback: true }]);
    await account.plain();
    expect(ended.map(({ details }) => [details?.['operation'], details?.['attempts'], details?.['fallback']])).toEqual([
      ['Account.retried', 2, 'notDefined'],
      ['Account.answered', 1, 'applied'],
      ['Account.plain', 1, 'notDefined'],
    ]);
    let runs = 0;
    class Counter {
      @Checkpointed()
      @Repair({ on: RangeError, with: (counter: Counter) => counter.repair })
      async count(): Promise<number> {
        runs += 1;
        if (runs === 1) throw new RangeError('no');
        return runs;
      }
      repair(): void {}
    }
    const counted = new Counter().count();
    expect([await counted, recoveryInfo(counted)]).toMatchObject([2, { repaired: true, attempts: 2 }]);
  });
});
