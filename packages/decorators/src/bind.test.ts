import 'reflect-metadata';
import { createRuntime } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { container as root, inject, injectable, singleton } from 'tsyringe';
import type { DependencyContainer } from 'tsyringe';
import { afterEach, describe, expect, it } from 'vitest';
import { bind, Compensate, redress, Saga, step } from './index.js';
import type { App, Container, RedressOptions, Undo } from './index.js';

const apps: App[] = [];
const open = async (options: Partial<RedressOptions>): Promise<App> => {
  const app = await redress({ store: memoryStore(), worker: false, ...options });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

const log: string[] = [];
afterEach(() => void (log.length = 0));

@singleton()
class Payments {
  @Compensate((p: Payments) => p.refund, { total: true })
  async charge(who: string): Promise<string> {
    log.push(`charge ${who}`);
    return step().operation;
  }

  async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    log.push(`refund ${undo.args[0]} by ${this.constructor.name}`);
  }
}

@injectable()
class Orders {
  readonly placeBound: (id: string, fail?: boolean) => Promise<string>;

  constructor(@inject(Payments) readonly payments: Payments) {
    this.placeBound = this.place.bind(this);
  }

  @Saga({ id: (id: string) => id })
  async place(id: string, fail = false): Promise<string> {
    const operation = await this.payments.charge(id);
    if (fail) throw new Error('back');
    return operation;
  }
}

const scratch = (): DependencyContainer => root.createChildContainer();

describe('with a container', () => {
  it('objects of child containers, and those made with new, are found', async () => {
    const container = scratch();
    await open({ container, classes: [Payments, Orders] });
    expect(await container.createChildContainer().resolve(Orders).place('child')).toBe('Payments.charge');
    expect(await new Orders(new Payments()).place('new')).toBe('Payments.charge');
  });

  it('a method that the constructor bound is still a saga', async () => {
    const container = scratch();
    const app = await open({ container, classes: [Payments, Orders] });
    expect(await container.resolve(Orders).placeBound('bound')).toBe('Payments.charge');
    expect(await app.handle(Orders, 'place', 'bound').outcome()).toBe('Payments.charge');
  });

  it('a frozen object works like any other', async () => {
    const container = scratch();
    await open({ container, classes: [Payments, Orders] });
    expect(await Object.freeze(container.resolve(Orders)).place('frozen')).toBe('Payments.charge');
  });

  it.each(['useClass', 'useFactory'] as const)('a class registered by %s under a token is undone on what the token gives', async (how) => {
    class Special extends Payments {}
    const container = scratch();
    if (how === 'useClass') container.register('payments', { useClass: Special });
    else container.register('payments', { useFactory: () => new Special() });
    await open({ container, classes: [{ class: Special, token: 'payments' }, Orders] });
    const orders = new Orders(container.resolve<Payments>('payments'));
    await expect(orders.place('token', true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log).toEqual(['charge token', 'refund token by Special']);
  });

  it('a subclass that the container gives for a listed class is undone as that subclass', async () => {
    class Special extends Payments {}
    const container = scratch();
    container.register(Payments, { useClass: Special });
    await open({ container, classes: [Payments, Orders] });
    await expect(container.resolve(Orders).place('sub', true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log).toEqual(['charge sub', 'refund sub by Special']);
  });

  it('an object of a class that the container does not give is refused before its step runs', async () => {
    class Special extends Payments {}
    const container = scratch();
    await open({ container, classes: [Payments, Orders] });
    await expect(new Orders(new Special()).place('other')).rejects.toMatchObject({ cause: { code: 'CONFIG_WRONG_CLASS' } });
    expect(log).toEqual([]);
  });

  it('the container needs nothing but resolve', async () => {
    const objects = new Map<unknown, object>([[Payments, new Payments()]]);
    objects.set(Orders, new Orders(objects.get(Payments) as Payments));
    const container: Container = {
      resolve(token) {
        const found = objects.get(token);
        if (!found) throw new Error('not registered');
        return found;
      },
    };
    const app = await open({ container, classes: [Payments, Orders] });
    expect(await (await app.start(Orders, 'place', 'plain')).outcome()).toBe('Payments.charge');
  });

  it('classes that nobody listed are taken in when they are met', async () => {
    const container = scratch();
    await open({ container });
    @singleton()
    class Late {
      @Saga()
      async run(): Promise<string> {
        return 'late';
      }
    }
    expect(await container.resolve(Late).run()).toBe('late');
  });
});

describe('several runtimes in one process', () => {
  it('an object belongs to the runtime whose container resolved it', async () => {
    const [one, two] = [scratch(), scratch()];
    const [first, second] = [
      await open({ container: one, classes: [Payments, Orders] }),
      await open({ container: two, classes: [Payments, Orders] }),
    ];
    const seen: string[] = [];
    first.events.on('saga.completed', ({ id }) => seen.push(`first ${id}`));
    second.events.on('saga.completed', ({ id }) => seen.push(`second ${id}`));
    await one.resolve(Orders).place('a');
    await two.resolve(Orders).place('b');
    expect(seen).toEqual(['first a', 'second b']);
  });

  it('the only one that lists a class gets its objects', async () => {
    class Other {
      @Saga()
      async run(): Promise<string> {
        return 'other';
      }
    }
    await open({ instances: [new Other()] });
    const app = await open({ container: scratch(), classes: [Payments, Orders] });
    await new Orders(new Payments()).place('listed');
    expect(await app.handle(Orders, 'place', 'listed').outcome()).toBe('Payments.charge');
  });

  it('an object that may belong to either is refused until it is bound', async () => {
    const [first] = [
      await open({ container: scratch(), classes: [Payments, Orders] }),
      await open({ container: scratch(), classes: [Payments, Orders] }),
    ];
    const orders = new Orders(new Payments());
    await expect(orders.place('either')).rejects.toMatchObject({
      code: 'CONFIG_AMBIGUOUS_RUNTIME',
      message: expect.stringContaining('bind(app, theOrders)'),
    });
    bind(first, orders);
    expect(await orders.place('either')).toBe('Payments.charge');
    expect(await first.handle(Orders, 'place', 'either').outcome()).toBe('Payments.charge');
  });

  it('a stopped one does not count', async () => {
    const first = await open({ container: scratch(), classes: [Payments, Orders] });
    const second = await open({ container: scratch(), classes: [Payments, Orders] });
    await first.stop();
    await new Orders(new Payments()).place('left');
    expect(await second.handle(Orders, 'place', 'left').outcome()).toBe('Payments.charge');
  });
});

describe('without a container', () => {
  it('takes objects as they are', async () => {
    const payments = new Payments();
    const orders = new Orders(payments);
    await open({ instances: [payments, orders] });
    await expect(orders.place('plain', true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log).toEqual(['charge plain', 'refund plain by Payments']);
  });

  it('takes functions that find the objects, bound one by one', async () => {
    const app = await open({ classes: [Orders] });
    const payments = new Payments();
    const orders = new Orders(payments);
    await expect(orders.place('early')).rejects.toMatchObject({
      code: 'CONFIG_NO_INSTANCE',
      message: expect.stringContaining('bind(app, Orders, () => theObject)'),
    });
    bind(app, Payments, () => payments);
    bind(app, Orders, () => orders);
    expect(await (await app.start(Orders, 'place', 'bound')).outcome()).toBe('Payments.charge');
  });

  it('binds to a runtime that createRuntime made, until it is told to end', async () => {
    const runtime = createRuntime({ store: memoryStore(), worker: false });
    const orders = new Orders(new Payments());
    const end = bind(runtime, orders);
    bind(runtime, orders.payments);
    expect(await orders.place('core')).toBe('Payments.charge');
    end();
    await expect(orders.place('core')).rejects.toMatchObject({ code: 'CONFIG_NO_RUNTIME' });
    await runtime.stop();
  });

  it('refuses a second object of one class, unless a function says which one undoes', async () => {
    const app = await open({ instances: [new Payments()] });
    expect(() => bind(app, new Payments())).toThrow(/Two objects of it were bound/);
    const chosen = new Payments();
    bind(app, Payments, () => chosen);
    await expect(redress({ store: memoryStore(), instances: [new Payments(), new Payments()] })).rejects.toThrow(
      /Two objects of it were handed in/,
    );
  });

  it('refuses an object without marks', async () => {
    const app = await open({ instances: [new Payments()] });
    expect(() => bind(app, new Date())).toThrow(/none of its methods has a mark/);
  });
});

describe('recovery', () => {
  it('another runtime with the same classes goes on with a run that was left, on objects of its own container', async () => {
    const store = memoryStore();
    const made: object[] = [];
    @injectable()
    class Slow {
      constructor() {
        made.push(this);
      }
      @Saga({ id: () => 'slow' })
      async run(fail: boolean): Promise<string> {
        const first = await this.act('one');
        await this.wait();
        if (fail) throw new Error('back');
        return first;
      }
      @Compensate((s: Slow) => s.undo, { total: true })
      async act(what: string): Promise<string> {
        log.push(`${what} on ${made.indexOf(this)}`);
        return what;
      }
      async undo(undo: Undo<Slow, 'act'>): Promise<void> {
        log.push(`undo ${undo.args[0]} on ${made.indexOf(this)}`);
      }
      @Compensate((s: Slow) => s.unwait, { total: true })
      async wait(): Promise<void> {
        log.push('wait');
        if (log.filter((line) => line === 'wait').length === 1) await new Promise(() => {});
      }
      async unwait(_undo: Undo<Slow, 'wait'>): Promise<void> {}
    }
    const first = await open({ store, container: scratch(), classes: [Slow] });
    const handle = await first.start(Slow, 'run', true);
    while (!log.includes('wait')) await new Promise((resolve) => setTimeout(resolve, 1));
    await first.stop({ drain: 0 });
    const before = made.length;
    const second = await open({ store, container: scratch(), classes: [Slow], worker: true, poll: 5 });
    await expect(second.handle(Slow, 'run', handle.id).outcome({ timeout: '5s' })).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(log.filter((line) => line.startsWith('one'))).toHaveLength(1);
    expect(Number(log.at(-1)?.replace('undo one on ', ''))).toBeGreaterThanOrEqual(before);
  });
});
