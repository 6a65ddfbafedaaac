import 'reflect-metadata';
import { memoryStore } from '@redress/memory';
import type { ConfigurationError, Store } from '@redress/core';
import { container, inject, injectable, singleton } from 'tsyringe';
import { describe, expect, it } from 'vitest';
import { Compensate, redress, Retry, Saga, Step } from './index.js';
import type { Class, RedressOptions, Undo } from './index.js';

/** A store that says that it survives the host's crash. */
const durable = (): Store =>
  new Proxy(memoryStore(), { get: (store, key) => (key === 'durability' ? 'host' : Reflect.get(store, key, store)) });

async function problems(classes: readonly Class[], more: Partial<RedressOptions> = {}): Promise<string[]> {
  try {
    const app = await redress({ store: memoryStore(), classes, worker: false, ...more });
    await app.stop();
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems.map((one) => `${one.subject}: ${one.cause} ${one.remedy}`);
  }
}

class Nothing {
  @Step()
  async act(): Promise<void> {}
}

class Both {
  @Step({ readOnly: true })
  @Compensate((b: Both) => b.undo)
  async act(): Promise<void> {}
  undo(_undo: Undo<Both, 'act'>): void {}
}

class Twice {
  @Compensate((t: Twice) => t.cancel)
  @Compensate((t: Twice) => t.refund)
  async act(): Promise<void> {}
  cancel(_undo: Undo<Twice, 'act'>): void {}
  refund(_undo: Undo<Twice, 'act'>): void {}

  @Retry(1)
  @Retry(2)
  async look(): Promise<void> {}
}

class Field {
  @Compensate((f: Field) => f.undo)
  async act(): Promise<void> {}
  readonly undo = async (_undo: Undo<Field, 'act'>): Promise<void> => {};
}

class Alias {
  @Compensate((a: Alias) => a.undo)
  async act(): Promise<void> {}
  undo(_undo: Undo<Alias, 'act'>): void {}
}
Object.defineProperty(Alias.prototype, 'cancel', { value: Object.getOwnPropertyDescriptor(Alias.prototype, 'undo')?.value });

class Free {
  @Compensate((_f: Free) => async (_undo: Undo<Free, 'act'>): Promise<void> => {})
  async act(): Promise<void> {}
}

let touched = 0;
class Getter {
  @Compensate((g: Getter) => g.undo)
  async act(): Promise<void> {}
  get undo(): (undo: Undo<Getter, 'act'>) => void {
    touched += 1;
    return () => {};
  }
}

class SagaAndStep {
  @Saga()
  @Step({ readOnly: true })
  @Retry(1)
  async run(): Promise<void> {}
}

class Strong {
  @Saga({ requires: 'host' })
  async run(): Promise<void> {}
}

class Slash {
  @Step({ readOnly: true, name: 'a/b' })
  async act(): Promise<void> {}
}

class One {
  @Step({ readOnly: true, name: 'same' })
  async act(): Promise<void> {}
}

class Two {
  @Step({ readOnly: true, name: 'same' })
  async act(): Promise<void> {}
}

class q {
  @Step({ readOnly: true })
  async act(): Promise<void> {}
  @Step({ readOnly: true, name: 'named' })
  async named(): Promise<void> {}
  @Saga()
  async run(): Promise<void> {}
}

describe('at start-up', () => {
  it.each<[string, Class, string]>([
    ['a step that nothing undoes', Nothing, 'Nothing.act: Nothing says how this step is undone. Add @Compensate'],
    [
      'a step with an undo and nothing to undo',
      Both,
      'Both.act: It has @Compensate((b) => b.undo) and says readOnly, which means that there is nothing to undo.',
    ],
    [
      'a handler that is a field',
      Field,
      'Field.act: the reference @Compensate((f) => f.undo) leads to no method. Declare the handler as a method',
    ],
    [
      'a handler with two names',
      Alias,
      'Alias.act: the reference @Compensate((a) => a.undo) fits "undo" and "cancel", which are one function.',
    ],
    ['a handler that is no method', Free, 'returns a function that is no method of Free.'],
    ['a handler behind a getter', Getter, 'Getter.act: the reference @Compensate((g) => g.undo) leads to no method.'],
    ['a saga that is a step', SagaAndStep, 'SagaAndStep.run: @Saga stands with @Step({ readOnly }) and @Retry(1);'],
    ['a store that is too weak', Strong, 'Strong.run: It requires a store of durability "host", and this one is of durability "process".'],
    ['a name that cannot stand in a key', Slash, 'Slash.act: "a/b" cannot be a stable name.'],
    ['a class without marks', Date, 'Date: It was listed, and none of its methods has a mark.'],
  ])('refuses %s', async (_what, type, sentence) => {
    const found = await problems([type]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(sentence);
  });

  it('triggers no getter while it looks for handlers', () => {
    expect(touched).toBe(0);
  });

  it('D11 refuses two marks of one kind, naming both', async () => {
    expect(await problems([Twice])).toEqual([
      'Twice.act: It has @Compensate((t) => t.refund) and @Compensate((t) => t.cancel) (refund, cancel). Keep one of them.',
      'Twice.look: It has @Retry(2) and @Retry(1). Keep one of them.',
    ]);
  });

  it('refuses one stable name for two steps, naming both', async () => {
    expect(await problems([One, Two])).toEqual([expect.stringContaining('Two.act: Its stable name "same" is also that of One.act.')]);
  });

  it('refuses names that a minifier gave, on a durable store and without names of their own', async () => {
    const found = await problems([q], { store: durable() });
    expect(found.map((one) => one.split(':')[0])).toEqual(['q.act', 'q.run']);
    expect(found[0]).toContain("looks like a minifier's work");
    expect(await problems([q])).toEqual([]);
  });

  it('refuses a class without a name, on any store', async () => {
    class Bundled {
      @Step({ readOnly: true })
      async act(): Promise<void> {}
    }
    Object.defineProperty(Bundled, 'name', { value: '' });
    expect(await problems([Bundled])).toEqual([expect.stringContaining('There is no class name to make a stable name of.')]);
  });

  it('refuses listed classes that the container cannot resolve, or gives another object for', async () => {
    @singleton()
    class Lost {
      constructor(@inject('nowhere') readonly nowhere: unknown) {}
      @Step({ readOnly: true })
      async act(): Promise<void> {}
    }
    @injectable()
    class Swapped {
      @Step({ readOnly: true })
      async act(): Promise<void> {}
    }
    const child = container.createChildContainer();
    child.register(Swapped, { useValue: {} as Swapped });
    const found = await problems([Lost, Swapped], { container: child });
    expect(found).toEqual([
      expect.stringMatching(/^Lost: The container cannot resolve it: .*nowhere/s),
      expect.stringContaining('Swapped: The container answers with no object of this class.'),
    ]);
  });

  it('says everything at once, options included, and starts nothing', async () => {
    const error = await redress({
      store: memoryStore(),
      classes: [Nothing, Both, Twice, Field, Alias, SagaAndStep, Strong, Slash, One, Two],
      lease: 'soon' as never,
    }).catch((cause: unknown) => cause as ConfigurationError);
    expect(error).toMatchObject({ name: 'ConfigurationError', code: 'CONFIG_INVALID' });
    const { problems: all, message } = error as ConfigurationError;
    expect(all.map((one) => one.subject)).toEqual([
      ...[
        'Nothing.act',
        'Both.act',
        'Twice.act',
        'Twice.look',
        'Field.act',
        'Alias.act',
        'SagaAndStep.run',
        'Strong.run',
        'Slash.act',
        'Two.act',
      ],
      'createRuntime, lease',
    ]);
    expect(message).toMatch(/^11 problems:\n {2}- Nothing\.act: /);
  });

  it('without a list it checks every class that is loaded', async () => {
    const error = await redress({ store: memoryStore(), worker: false }).catch((cause: unknown) => cause as ConfigurationError);
    expect((error as ConfigurationError).problems.map((one) => one.subject)).toEqual(
      expect.arrayContaining(['Nothing.act', 'Twice.look', 'Two.act']),
    );
  });
});
