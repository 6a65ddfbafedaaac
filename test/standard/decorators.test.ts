import { memoryStore } from '@redress/memory';
import { Compensate, redress, Retry, Saga, Step, step } from '@redress/decorators';
import type { App, Undo, UndoOf } from '@redress/decorators';
import { afterEach, describe, expect, it } from 'vitest';

// The same decorators with the standard (TC39) semantics: no metadata, no parameter decorators, fields and names by `#`.
const apps: App[] = [];
const open = async (options: Partial<Parameters<typeof redress>[0]>): Promise<App> => {
  const app = await redress({ store: memoryStore(), worker: false, ...options });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

const reset = (): Error => Object.assign(new Error('reset'), { code: 'ECONNRESET' });

class Bank {
  readonly #log: string[] = [];
  failures = 0;

  @Compensate((b: Bank) => b.refund, { total: true })
  @Retry({ maxRetries: 2, delay: 0 })
  async charge(who: string): Promise<string> {
    if (this.failures-- > 0) throw reset();
    this.#log.push(`charge ${who}`);
    return step().operation;
  }

  private async refund(undo: Undo<Bank, 'charge'>): Promise<void> {
    this.#log.push(`refund ${undo.args[0]} ${undo.outcome}`);
  }

  log(): readonly string[] {
    return this.#log;
  }

  @Saga({ id: (id: string) => id })
  async serve(id: string, fail = false): Promise<string> {
    const operation = await this.charge(id);
    if (fail) throw new Error('back');
    return operation;
  }
}

class Special extends Bank {
  @Step({ irreversible: 'specials stay' })
  override async charge(who: string): Promise<string> {
    return super.charge(`special ${who}`);
  }
}

describe('standard decorators', () => {
  it('leave one redirect with the name and the length of the method', () => {
    const { value } = Object.getOwnPropertyDescriptor(Bank.prototype, 'charge') as PropertyDescriptor;
    expect([value.name, value.length]).toEqual(['charge', 1]);
    expect(Object.getOwnPropertyNames(new Bank())).toEqual(['failures']);
  });

  it('RT-27 at a class protect each of its methods, which one at a method replaces', async () => {
    class Busy extends Error {}
    const retry = (maxRetries: number) => Retry({ maxRetries, delay: 0, retryOn: [Busy], budget: false });
    @retry(2)
    class Shaky {
      runs = 0;
      async call(): Promise<void> {
        this.runs += 1;
        throw new Busy('no');
      }
      @retry(4)
      async other(): Promise<void> {
        return this.call();
      }
      plain(): number {
        return this.runs;
      }
    }
    const [one, two] = [new Shaky(), new Shaky()];
    await expect(one.call()).rejects.toThrow('no');
    await expect(two.other()).rejects.toThrow('no');
    expect([one.plain(), two.plain()]).toEqual([3, 5]);
  });

  it('run a saga, self-calls and #private fields included', async () => {
    const bank = new Bank();
    await open({ instances: [bank] });
    expect(await bank.serve('a')).toBe('Bank.charge');
    expect(bank.log()).toEqual(['charge a']);
  });

  it('undo by a private handler, after repetitions', async () => {
    const bank = new Bank();
    await open({ instances: [bank] });
    bank.failures = 2;
    await expect(bank.serve('b', true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED', cause: { message: 'back' } });
    expect(bank.log()).toEqual(['charge b', 'refund b done']);
  });

  it('a class is known when it is listed, before it has any object', async () => {
    const bank = new Bank();
    const app = await open({ classes: [Bank], container: { resolve: () => bank } });
    expect(await (await app.start(Bank, 'serve', 'c')).outcome()).toBe('Bank.charge');
  });

  it('a class that nobody listed is known from its first object on', async () => {
    class Met {
      @Saga()
      async run(): Promise<string> {
        return 'met';
      }
    }
    const all = new Map<unknown, object>();
    await open({ container: { resolve: (token) => all.get(token) } });
    const met = new Met();
    all.set(Met, met);
    expect(await met.run()).toBe('met');
  });

  it('an override with a mark is the step, and super is a part of it', async () => {
    const special = new Special();
    await open({ instances: [special] });
    await expect(special.serve('d', true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(special.log()).toEqual(['charge special d']);
  });

  it('K1 a #private handler is refused at start-up, as it has no name to look up', async () => {
    class Hidden {
      @Compensate((h: Hidden) => h.#undo)
      async act(_who: string): Promise<number> {
        return 1;
      }
      async #undo(_undo: UndoOf<[string], number>): Promise<void> {}
    }
    await expect(redress({ store: memoryStore(), classes: [Hidden] })).rejects.toThrow(
      /Hidden\.act: the handler of .* is #private and has no name to look up\. Make it TypeScript-private/,
    );
  });

  it('two marks of one kind are a problem at start-up, naming both', async () => {
    class Twice {
      @Compensate((t: Twice) => t.one)
      @Compensate((t: Twice) => t.two)
      async act(): Promise<void> {}
      one(_undo: Undo<Twice, 'act'>): void {}
      two(_undo: Undo<Twice, 'act'>): void {}
    }
    await expect(redress({ store: memoryStore(), classes: [Twice] })).rejects.toThrow(/\(two, one\)/);
  });

  it('refuse static and #private methods at definition', () => {
    const context = { kind: 'method', name: 'act', static: true, private: false, addInitializer: () => {} };
    const apply = (more: object): unknown =>
      (Step({ readOnly: true }) as (...args: unknown[]) => unknown)(async () => {}, { ...context, ...more });
    expect(() => apply({})).toThrow('act: @Step({ readOnly }) stands at a static method.');
    expect(() => apply({ static: false, private: true, name: '#act' })).toThrow(
      'stands at a #private method, which has no name to look up.',
    );
    expect(() => apply({ static: false, name: Symbol('act') })).toThrow('stands at a method named by a symbol.');
    expect(() => apply({ kind: 'field', static: false })).toThrow('stands at a field.');
  });

  it('a decorator of somebody else outside of ours is left in place', async () => {
    const seen: string[] = [];
    const log =
      (name: string) =>
      <This, A extends unknown[], R>(
        body: (this: This, ...args: A) => Promise<R>,
        _context: ClassMethodDecoratorContext<This, (this: This, ...args: A) => Promise<R>>,
      ) =>
        function (this: This, ...args: A): Promise<R> {
          seen.push(name);
          return body.apply(this, args);
        };
    class Wrapped {
      @log('outside')
      @Step({ readOnly: true })
      @log('inside')
      async look(): Promise<string> {
        return step().operation;
      }
      @Saga()
      async run(): Promise<string> {
        return this.look();
      }
    }
    const wrapped = new Wrapped();
    await open({ instances: [wrapped] });
    expect(await wrapped.run()).toBe('Wrapped.look');
    expect(seen).toEqual(['outside', 'inside']);
  });

  it('policies work without any runtime', async () => {
    const bank = new Bank();
    bank.failures = 2;
    expect(await bank.charge('e')).toBe('Bank.charge');
  });
});
