import { describe, expect, it } from 'vitest';
import { Compensate, Retry, Saga, Step } from './index.js';
import type { Undo } from './index.js';
import { methodsOf } from './registry.js';
import type { Class } from './registry.js';

const legacy = (decorator: unknown, target: object, key: string | symbol, descriptor?: PropertyDescriptor): unknown =>
  (decorator as (...args: unknown[]) => unknown)(target, key, descriptor);

const kinds = (type: Class, key: string): string[] =>
  Object.entries(methodsOf(type).get(key)?.marks ?? {}).flatMap(([kind, marks]) => (marks as unknown[]).map(() => kind));

describe('a mark', () => {
  it('leaves one redirect with the name, the length and the attributes of the method', () => {
    class Bank {
      @Retry(1)
      @Step({ readOnly: true })
      @Retry({ delay: 1 })
      async charge(_who: string, _cents: number): Promise<number> {
        return 1;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Bank.prototype, 'charge') as PropertyDescriptor;
    expect([descriptor.value.name, descriptor.value.length]).toEqual(['charge', 2]);
    expect(descriptor).toMatchObject({ writable: true, configurable: true, enumerable: false });
    expect(new Bank().charge).toBe(new Bank().charge);
    expect(Object.getOwnPropertyNames(new Bank())).toEqual([]);
    expect(kinds(Bank, 'charge')).toEqual(['step', 'retry', 'retry']);
  });

  it('does not care for the order of the decorators', () => {
    class Bank {
      @Compensate((b: Bank) => b.refund)
      @Retry(2)
      @Step({ name: 'charge' })
      async one(): Promise<void> {}

      @Step({ name: 'charge' })
      @Compensate((b: Bank) => b.refund)
      @Retry(2)
      async two(): Promise<void> {}

      @Retry(2)
      @Step({ name: 'charge' })
      @Compensate((b: Bank) => b.refund)
      async three(): Promise<void> {}

      async refund(_undo: Undo<Bank, 'one'>): Promise<void> {}
    }
    const [one, two, three] = [...methodsOf(Bank).values()].map(({ marks }) => JSON.stringify(marks));
    expect(one).toBe(two);
    expect(two).toBe(three);
  });

  it('survives decorators of others around it and between', async () => {
    const seen: string[] = [];
    const log = (name: string) => (_target: object, _key: string, descriptor: TypedPropertyDescriptor<() => Promise<number>>) => {
      const body = descriptor.value as () => Promise<number>;
      descriptor.value = function (this: unknown) {
        seen.push(name);
        return body.call(this);
      };
    };
    class Bank {
      tries = 0;

      @log('outer')
      @Step({ readOnly: true })
      @log('middle')
      @Retry({ maxRetries: 1, delay: 0 })
      @log('inner')
      async look(): Promise<number> {
        if (this.tries++ === 0) throw Object.assign(new Error('once'), { code: 'ECONNRESET' });
        return this.tries;
      }
    }
    expect(await new Bank().look()).toBe(2);
    expect(seen).toEqual(['outer', 'middle', 'inner', 'inner']);
    expect(kinds(Bank, 'look')).toEqual(['step', 'retry']);
  });

  it('refuses what is no method of instances with a name, at once and in a sentence', () => {
    const step = Step({ readOnly: true });
    class Bank {
      static async all(): Promise<void> {}
      async look(): Promise<void> {}
    }
    const method = { value: async () => {}, configurable: true };
    expect(() => legacy(step, Bank, 'all', method)).toThrow('Bank.all: @Step({ readOnly }) stands at a static method. Put it at');
    expect(() => legacy(step, Bank.prototype, Symbol('look'), method)).toThrow(
      'Bank.Symbol(look): @Step({ readOnly }) stands at a method named by a symbol.',
    );
    expect(() => legacy(step, Bank.prototype, 'size', { get: () => 1 })).toThrow(
      'Bank.size: @Step({ readOnly }) stands at a getter or setter.',
    );
    expect(() => legacy(step, Bank.prototype, 'field')).toThrow('Bank.field: @Step({ readOnly }) stands at a field.');
  });

  it.each([
    ['a saga', () => Saga({ version: 0 }), 'Bank.look, @Saga({ version }), version'],
    ['a saga with an option that is none', () => Saga({ ids: 1 } as never), 'Unrecognized key'],
    ['a step without a reason', () => Step({ irreversible: ' ' }), 'Bank.look, @Step({ irreversible }), irreversible'],
    ['a contradiction that the compiler did not see', () => Step({ readOnly: false } as never), 'readOnly'],
    ['an undo', () => Compensate((b: { look(): void }) => b.look, { timeout: 'soon' as never }), 'Bank.look, @Compensate, timeout'],
    ['a retry', () => Retry({ maxRetries: -1 }), 'Bank.look, @Retry, maxRetries'],
  ])('checks the options of %s at definition, naming class, method and option', (_what, make, sentence) => {
    class Bank {
      async look(): Promise<void> {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Bank.prototype, 'look') as PropertyDescriptor;
    expect(() => legacy(make(), Bank.prototype, 'look', descriptor)).toThrow(sentence);
  });
});
