import 'reflect-metadata';
import { RefusedError, TrackedMap } from '@redress/core';
import type { RestoreInfo, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { container, inject, injectable } from 'tsyringe';
import { afterEach, describe, expect, it } from 'vitest';
import {
  AfterRestore,
  Checkpointed,
  checkpoints,
  Compensate,
  Fallback,
  Hedge,
  ReadOnly,
  redress,
  Retry,
  Saga,
  Step,
  Timeout,
  Transient,
} from './index.js';
import type { App, Undo } from './index.js';

class Mailer {
  sent = 0;
}

const STATE = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } };

@Checkpointed({ id: (a: Account) => a.no, fields: ['no', 'balance', 'entries'], state: STATE, keep: 3 })
@injectable()
class Account {
  no = 'a1';
  balance = 100;
  readonly entries = new TrackedMap<string, number>();
  @Transient() socket: object = { open: true };
  seen: RestoreInfo[] = [];

  constructor(@inject(Mailer) readonly mailer: Mailer) {}

  @AfterRestore()
  restored(info: RestoreInfo): void {
    this.seen.push(info);
  }

  @Checkpointed()
  async add(key: string, cents: number, fails = false): Promise<number> {
    this.entries.set(key, cents);
    this.balance += cents;
    this.mailer.sent += 1;
    await Promise.resolve();
    if (fails) throw new Error('declined');
    return this.balance;
  }

  @Checkpointed({ after: true })
  async addForGood(cents: number): Promise<void> {
    this.balance += cents;
  }

  @ReadOnly()
  total(): number {
    return this.balance;
  }

  @ReadOnly()
  async totalLater(): Promise<number> {
    return this.balance;
  }
}

const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  container.clearInstances();
});

async function open(store: Store): Promise<Account> {
  apps.push(await redress({ container, store, classes: [Account] }));
  return container.resolve(Account);
}

describe('@Checkpointed', () => {
  it('takes a failed call back, and keeps the object as it is', async () => {
    const account = await open(memoryStore());
    await account.add('a', 5);
    await expect(account.add('b', 7, true)).rejects.toThrow('declined');
    expect(account.total()).toBe(105);
    expect([...account.entries]).toEqual([['a', 5]]);
  });

  it('CK17 restores the state and nothing else: services are the container’s, transient fields the constructor’s', async () => {
    const shared = createMemoryDatabase();
    const first = await open(memoryStore({ shared }));
    first.socket = { open: false };
    await first.add('a', 5);
    await first.addForGood(1);
    await first.add('b', 1);
    for (const app of apps.splice(0)) await app.stop();
    const second = await open(memoryStore({ shared }));
    expect(second).not.toBe(first);
    expect(() => second.total()).toThrow(expect.objectContaining({ code: 'CHECKPOINT_NOT_SERVED' }));
    expect(await second.totalLater()).toBe(106);
    expect(second.total()).toBe(106);
    expect([...second.entries]).toEqual([['a', 5]]);
    expect(second.mailer).toBeInstanceOf(Mailer);
    expect(second.socket).toEqual({ open: true });
    expect(second.seen).toMatchObject([{ number: 1, incarnation: 2 }]);
    expect(await checkpoints.of(second).history()).toMatchObject([{ number: 1, status: 'current' }]);
  });

  it('works without a runtime, a container and options', async () => {
    class Counter {
      count = 0;
      @Checkpointed()
      async up(fails: boolean): Promise<void> {
        this.count += 1;
        if (fails) throw new Error('no');
      }
      @Checkpointed()
      async both(): Promise<void> {
        await this.up(false);
        await this.up(true).catch(() => {});
      }
    }
    const counter = new Counter();
    await counter.both();
    expect(counter.count).toBe(1);
    await expect(checkpoints.of(counter).save()).rejects.toMatchObject({ code: 'CHECKPOINT_VERB' });
  });

  const orders: readonly (readonly [string, readonly number[]])[] = [
    ['outside', [0, 1, 2, 3]],
    ['inside', [3, 2, 1, 0]],
    ['between', [2, 0, 3, 1]],
  ];
  it.each(orders)(
    'begins each attempt, and the fallback, with the state of its beginning, wherever it is written (%s)',
    async (_, order) => {
      class Till {
        cents = 10;
        readonly seen: number[] = [];
        async pay(): Promise<string> {
          this.seen.push(this.cents);
          this.cents -= 10;
          await Promise.resolve();
          throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
        }
        async instead(): Promise<string> {
          return `instead, with ${this.cents}`;
        }
      }
      Transient()(Till.prototype, 'seen');
      const decorators = [Fallback((till: Till) => till.instead), Checkpointed(), Retry({ maxRetries: 2, delay: 1 }), Timeout(1000)];
      for (const i of order) {
        const descriptor = Object.getOwnPropertyDescriptor(Till.prototype, 'pay') as PropertyDescriptor;
        (decorators[i] as (...place: unknown[]) => void)(Till.prototype, 'pay', descriptor);
        Object.defineProperty(Till.prototype, 'pay', descriptor);
      }
      const till = new Till();
      expect(await till.pay()).toBe('instead, with 10');
      expect(till.seen).toEqual([10, 10, 10]);
      expect(till.cents).toBe(10);
    },
  );

  it('in a saga rolls the failed step back, and leaves what was done to its compensation', async () => {
    class Stock {
      left = 10;
      @Checkpointed()
      @Compensate((stock: Stock) => stock.giveBack)
      async take(n: number): Promise<number> {
        this.left -= n;
        return n;
      }
      @Checkpointed()
      async giveBack(undo: Undo<Stock, 'take'>): Promise<void> {
        this.left += undo.args[0];
      }
      @Checkpointed()
      @Compensate((stock: Stock) => stock.nothing)
      async pack(): Promise<void> {
        this.left = -1;
        throw new RefusedError('no boxes');
      }
      async nothing(_undo: Undo<Stock, 'pack'>): Promise<void> {}
      @Step({ readOnly: true })
      async meanwhile(n: number): Promise<void> {
        await this.sell(n);
      }
      @Checkpointed()
      async sell(n: number): Promise<void> {
        this.left -= n;
      }
      @Saga({ id: (id: string) => id })
      async order(_id: string): Promise<void> {
        await this.take(3);
        await this.meanwhile(2);
        await this.pack();
      }
    }
    const stock = new Stock();
    apps.push(await redress({ store: memoryStore(), instances: [stock] }));
    await expect(stock.order('o1')).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    // Not 10: the undo gives back what the step took, and does not go back in time past what others did.
    expect(stock.left).toBe(8);
  });

  it('CK15 is refused at definition where it could not see the state', () => {
    class Secret {
      #count = 0;
      up(): number {
        return (this.#count += 1);
      }
    }
    expect(() => Checkpointed()(Secret)).toThrow(/Secret.*private #count.*without the #/);
    expect(() => Checkpointed({ privateFields: 'ignored' })(Secret)).not.toThrow();
    expect(() => Checkpointed({ keep: 0 })(Secret)).toThrow(/keep/);
  });

  it('is refused beside what runs a method several times at once', async () => {
    class Twice {
      n = 0;
      @Checkpointed()
      @Hedge()
      async up(): Promise<void> {
        this.n += 1;
      }
    }
    await expect(new Twice().up()).rejects.toThrow(/@Checkpointed and @Hedge/);
  });

  it('asks the store at the start whether it keeps what is asked for', async () => {
    @Checkpointed({ id: () => 'x', fields: ['n'], durability: 'fsync' })
    class Durable {
      n = 0;
      @Checkpointed()
      async up(): Promise<void> {
        this.n += 1;
      }
    }
    await expect(redress({ store: memoryStore(), classes: [Durable] })).rejects.toThrow(/Durable.*"fsync".*"process"/);
  });

  it('refuses an object that was called before there was a runtime to keep it, instead of keeping nothing', async () => {
    @Checkpointed({ id: () => 'x', fields: ['n'] })
    class Early {
      n = 0;
      @Checkpointed()
      async up(): Promise<number> {
        return (this.n += 1);
      }
    }
    const early = new Early();
    expect(await early.up()).toBe(1);
    apps.push(await redress({ store: memoryStore(), instances: [early] }));
    await expect(early.up()).rejects.toThrow(/Early: It was called before the runtime/);
    expect(() => checkpoints.of(early)).toThrow(/Open the runtime before/);
  });

  it('refuses a durable state that nobody has described, and says which fields there are', () => {
    @Checkpointed({ id: () => 'x', store: memoryStore() })
    class Vague {
      n = 0;
      readonly mailer = new Mailer();
    }
    expect(() => checkpoints.of(new Vague())).toThrow(/fields: \['n'\]/);
  });
});
