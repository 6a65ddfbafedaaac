import 'reflect-metadata';
import { memoryStore } from '@redress/memory';
import { container, singleton } from 'tsyringe';
import { afterEach, describe, expect, it } from 'vitest';
import { Bulkhead, CircuitBreaker, Compensate, Fallback, Hedge, redress, Retry, Saga, Step, step, Timeout } from './index.js';
import type { App, Undo } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class Busy extends Error {}
const hangs = (): Promise<never> => new Promise(() => {});
const retry = (maxRetries: number) => Retry({ maxRetries, delay: 0, retryOn: [Busy], budget: false });

class Counted {
  runs = 0;
  protected fail(): never {
    this.runs += 1;
    throw new Busy('no');
  }
}

describe('a policy at a class', () => {
  it('protects each of its methods, those that are not async too, and leaves what returns no promise', async () => {
    @retry(2)
    class Bank extends Counted {
      async charge(): Promise<unknown> {
        return this.fail();
      }
      pay(): Promise<unknown> {
        return Promise.resolve().then(() => this.fail());
      }
      double(sum: number): number {
        return this.twice(sum);
      }
      private twice(sum: number): number {
        if (sum < 0) throw new RangeError('less than nothing');
        return 2 * sum;
      }
      get name(): string {
        return 'bank';
      }
    }
    const bank = new Bank();
    expect(() => bank.double(-1)).toThrow(RangeError);
    expect([bank.double(2), bank.double(3), bank.name]).toEqual([4, 6, 'bank']);
    expect(() => bank.double(-1)).toThrow(RangeError);
    await expect(bank.pay()).rejects.toThrow('no');
    expect(bank.runs).toBe(3);
    await expect(bank.charge()).rejects.toThrow('no');
    expect(bank.runs).toBe(6);
    await expect(bank.pay()).rejects.toThrow('no');
    expect(bank.runs).toBe(9);
  });

  it('does not repeat a method that throws at once, before it is known what it returns', async () => {
    let calls = 0;
    @Fallback({ value: 'instead' })
    @Hedge({ delay: 1, hedgeOn: [Busy], maxLoad: 1 })
    @retry(3)
    class Checks {
      async other(): Promise<void> {}
      check(): unknown {
        calls += 1;
        throw new Busy('no');
      }
    }
    expect(() => new Checks().check()).toThrow('no');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(1);
  });

  it('RT-26 is replaced whole by one of the same kind at a method', async () => {
    @retry(2)
    @Timeout(5)
    class Bank extends Counted {
      @Retry({ maxDuration: 1000, delay: 0, jitter: 'none', retryOn: [Busy], budget: false })
      async call(): Promise<unknown> {
        return this.fail();
      }
      @Retry(0)
      async slow(): Promise<unknown> {
        return hangs();
      }
    }
    const bank = new Bank();
    await expect(bank.call()).rejects.toThrow('no');
    expect(bank.runs).toBe(4);
    await expect(new Bank().slow()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('CB-26 counts for each class and each method', async () => {
    @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h' })
    class Base {
      async call(): Promise<unknown> {
        throw new Busy('no');
      }
      async other(): Promise<string> {
        return 'fine';
      }
    }
    class One extends Base {}
    class Two extends Base {}
    const names = async (service: Base): Promise<string[]> => {
      const seen: string[] = [];
      for (let i = 0; i < 3; i++) await service.call().catch((error: Error) => seen.push(error.name));
      return seen;
    };
    expect(await names(new One())).toEqual(['Error', 'Error', 'CircuitOpenError']);
    expect(await new One().other()).toBe('fine');
    expect(await names(new Two())).toEqual(['Error', 'Error', 'CircuitOpenError']);
  });

  it('CO-04 applies to calls of this.other() too', async () => {
    @Bulkhead({ value: 1, waitingTaskQueue: 0 })
    class Bank {
      async both(): Promise<unknown> {
        return Promise.allSettled([this.other(), this.other()]);
      }
      async other(): Promise<string> {
        return 'fine';
      }
    }
    const ends = (await new Bank().both()) as PromiseSettledResult<unknown>[];
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('answers for each method but for the one that answers', async () => {
    @Fallback((bank: Bank) => bank.instead)
    class Bank {
      fails = false;
      async rate(_currency: string): Promise<string> {
        throw new Busy('no');
      }
      async instead(currency: string): Promise<string> {
        if (this.fails) throw new Busy('neither');
        return `${currency} of yesterday`;
      }
    }
    const bank = new Bank();
    expect(await bank.rate('EUR')).toBe('EUR of yesterday');
    bank.fails = true;
    await expect(bank.rate('EUR')).rejects.toThrow('neither');
  });

  it('leaves sagas, undos and what sagas call beside their steps to the engine', async () => {
    const log: string[] = [];
    @Fallback({ value: 'instead' })
    @Retry({ maxRetries: 1, delay: 0, retryOn: [Busy], budget: false })
    class Orders {
      @Compensate((orders: Orders) => orders.release, { total: true, delay: 1 })
      async reserve(): Promise<string> {
        log.push('reserve');
        return step().operation;
      }
      async release(_undo: Undo<Orders, 'reserve'>): Promise<void> {
        log.push('release');
        if (log.filter((one) => one === 'release').length < 3) throw new Busy('not yet');
      }
      @Step({ readOnly: true })
      async look(): Promise<unknown> {
        log.push('look');
        throw new Busy('no');
      }
      async helper(): Promise<string> {
        log.push('helper');
        throw new Busy('back');
      }
      @Saga()
      async place(): Promise<unknown> {
        const reserved = await this.reserve();
        const looked = await this.look();
        log.push(`${reserved} ${String(looked)}`);
        return this.helper();
      }
    }
    const orders = new Orders();
    await open(orders);
    await expect(orders.place()).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log).toEqual(['reserve', 'look', 'look', 'Orders.reserve instead', 'helper', 'release', 'release', 'release']);
  });

  it('DI-01 DI-02 leaves one redirect, however often the object is resolved, and counts for each container', async () => {
    @singleton()
    @CircuitBreaker({ requestVolumeThreshold: 1, delay: '1h' })
    class Bank {
      async charge(): Promise<string> {
        throw new Busy('no');
      }
    }
    const redirect = (): unknown => Object.getOwnPropertyDescriptor(Bank.prototype, 'charge')?.value;
    const before = redirect();
    const containers = [container.createChildContainer(), container.createChildContainer()];
    for (const one of containers) {
      one.registerSingleton(Bank);
      apps.push(await redress({ store: memoryStore(), container: one, classes: [Bank], worker: false }));
    }
    const [one, two] = containers.map((each) => Array.from({ length: 5 }, () => each.resolve(Bank))[4] as Bank);
    expect(redirect()).toBe(before);
    expect(Object.getOwnPropertyNames(one)).toEqual([]);
    await one?.charge().catch(() => {});
    await expect(one?.charge()).rejects.toMatchObject({ code: 'CIRCUIT_OPEN' });
    await expect(two?.charge()).rejects.toThrow(Busy);
  });

  it('is refused twice of one kind, at a class without methods, and where it makes no sense', async () => {
    @Timeout(5)
    @Timeout(6)
    class Twice {
      async call(): Promise<void> {}
    }
    await expect(open(new Twice())).rejects.toThrow(/Twice\.call: It has @Timeout\(6\) and @Timeout\(5\)/);
    await expect(new Twice().call()).rejects.toThrow(/Twice\.call: It has/);
    expect(() => (Retry(1) as (type: unknown) => void)(class Empty {})).toThrow(/Empty: @Retry\(1\) stands at a class without methods/);
    expect(() => (Step({ readOnly: true }) as unknown as (type: unknown) => void)(class Wrong {})).toThrow(/stands at a class/);
    expect(() => {
      @Timeout({ multiplier: 0 })
      class Bank {
        async charge(): Promise<void> {}
      }
      return Bank;
    }).toThrow(/Bank, @Timeout\(\{ multiplier \}\), multiplier/);
  });
});
