import { createEnvironment } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { Bulkhead, Compensate, Fallback, Hedge, redress, Saga, Step, Timeout } from './index.js';
import type { App, Undo } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

const hangs = (): Promise<never> => new Promise(() => {});

describe('policies at a step of a saga', () => {
  /** Runs a saga whose step ends in each way, and what its undo was told. */
  class Shop {
    readonly undone: string[] = [];
    mode = '';
    runs = 0;

    @Timeout(10)
    @Hedge({ delay: 3, maxLoad: 1 })
    @Fallback({ value: 'instead', applyOn: ['TimeoutError'] })
    @Compensate((shop: Shop) => shop.undo, { total: true })
    async pay(): Promise<string> {
      this.runs += 1;
      if (this.mode === 'hangs' || (this.mode === 'hedged' && this.runs === 1)) return hangs();
      return 'paid';
    }

    @Bulkhead({ value: 1, waitingTaskQueue: 0 })
    @Timeout(10)
    @Compensate((shop: Shop) => shop.undo, { total: true })
    async ship(): Promise<string> {
      return hangs();
    }

    async undo(undo: Undo<Shop, 'pay'>): Promise<void> {
      this.undone.push(`${undo.outcome}${undo.alsoUnknown ? ' also unknown' : ''}`);
    }

    @Saga()
    async run(mode: string): Promise<void> {
      this.mode = mode;
      if (mode === 'ships') await this.ship();
      else if (mode === 'full') await Promise.allSettled([this.ship(), this.ship()]);
      else await this.pay();
      throw new Error('back');
    }
  }

  it('a time-out while executing is unknown, also under a fallback', async () => {
    const shop = new Shop();
    await open(shop);
    await expect(shop.run('ships')).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { code: 'TIMEOUT' } });
    expect(shop.undone).toEqual(['unknown']);
    const other = new Shop();
    apps.push(await redress({ store: memoryStore(), instances: [other], worker: false, environment: createEnvironment() }));
    await expect(other.run('hangs')).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'back' } });
    expect(other.undone).toEqual(['done also unknown']);
  });

  it('a call that was rejected was not executed, and has nothing to undo', async () => {
    const shop = new Shop();
    await open(shop);
    await expect(shop.run('full')).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(shop.undone).toHaveLength(1);
  });

  it('a copy that lost may have done something', async () => {
    const shop = new Shop();
    await open(shop);
    await expect(shop.run('hedged')).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'back' } });
    expect(shop.undone).toEqual(['done also unknown']);
  });

  it('a rejection that the body has met is not one of the step', async () => {
    class Bank {
      @Bulkhead({ value: 1, waitingTaskQueue: 0 })
      async charge(): Promise<unknown> {
        return new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    class Caller {
      readonly undone: string[] = [];
      constructor(readonly bank: Bank) {}
      @Compensate((caller: Caller) => caller.undo, { total: true })
      async both(): Promise<unknown> {
        return Promise.all([this.bank.charge(), this.bank.charge()]);
      }
      async undo(undo: Undo<Caller, 'both'>): Promise<void> {
        this.undone.push(undo.outcome);
      }
      @Saga()
      async run(): Promise<void> {
        await this.both();
      }
    }
    const caller = new Caller(new Bank());
    await open(caller);
    await expect(caller.run()).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { code: 'BULKHEAD_REJECTED' } });
    expect(caller.undone).toEqual(['unknown']);
  });

  it('makes no copy of a step that must not be repeated', async () => {
    class Once {
      runs = 0;
      @Hedge({ delay: 1, maxLoad: 1 })
      @Step({ repeatable: false, irreversible: 'a letter' })
      async send(): Promise<void> {
        this.runs += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      @Saga()
      async run(): Promise<void> {
        await this.send();
      }
    }
    const once = new Once();
    await open(once);
    await once.run();
    expect(once.runs).toBe(1);
  });
});
