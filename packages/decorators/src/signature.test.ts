import { memoryStore } from '@redress/memory';
import type { ConfigurationError } from '@redress/core';
import { describe, expect, it } from 'vitest';
import { Compensate, redress, Step } from './index.js';
import type { Class, Undo } from './index.js';

/*
 * What the compiler refuses (see test/types/fixtures/compensate.ts) may still arrive from JavaScript, or from behind a cast:
 * a handler that is missing, takes what it is not given, or is no method of the objects. Here it does.
 */
type Loose = (self: never) => (undo: never) => unknown;

async function problems(type: Class): Promise<string[]> {
  try {
    const app = await redress({ store: memoryStore(), classes: [type], worker: false });
    await app.stop();
    return [];
  } catch (error) {
    return (error as ConfigurationError).problems.map((one) => `${one.subject}: ${one.cause} ${one.remedy}`);
  }
}

/** Marks `act` of the class as `@Compensate(reference)` does, without the compiler's eyes. */
function compensated(type: Class, reference: Loose): Class {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, 'act') as PropertyDescriptor;
  (Compensate(reference) as (...place: unknown[]) => void)(type.prototype, 'act', descriptor);
  Object.defineProperty(type.prototype, 'act', descriptor);
  return type;
}

const missing = (): Class => {
  class Missing {
    async act(): Promise<void> {}
  }
  return compensated(Missing, (self: { undo(): void }) => self.undo);
};

const onClass = (): Class => {
  class Static {
    async act(): Promise<void> {}
    static async undo(_undo: unknown): Promise<void> {}
  }
  return compensated(Static, () => Static.undo as never);
};

const onClassByName = (): Class => {
  class StaticName {
    async act(): Promise<void> {}
    static async undo(_undo: unknown): Promise<void> {}
  }
  return compensated(StaticName, (self: typeof StaticName) => self.undo);
};

const getter = (): Class => {
  class Getter {
    @Compensate((g: Getter) => g.undo)
    async act(): Promise<void> {}
    get undo(): (undo: Undo<Getter, 'act'>) => void {
      return () => {};
    }
  }
  return Getter;
};

const hidden = (): Class => {
  class Hidden {
    // Written here, where the name is visible.
    static readonly reference = (self: Hidden): ((undo: never) => unknown) => self.#undo;
    async act(): Promise<void> {}
    async #undo(_undo: Undo<Hidden, 'act'>): Promise<void> {}
  }
  return compensated(Hidden, Hidden.reference);
};

const symbol = Symbol('undo');
const bySymbol = (): Class => {
  class BySymbol {
    async act(): Promise<void> {}
    async [symbol](_undo: unknown): Promise<void> {}
  }
  return compensated(BySymbol, (self: BySymbol) => self[symbol]);
};

const tooMany = (): Class => {
  class TooMany {
    async act(): Promise<void> {}
    async undo(_undo: unknown, _more: unknown): Promise<void> {}
  }
  return compensated(TooMany, (self: TooMany) => self.undo as never);
};

const noFunction = (): Class => {
  class NoFunction {
    async act(): Promise<void> {}
  }
  Object.defineProperty(NoFunction.prototype, 'undo', { value: 7 });
  return compensated(NoFunction, (self: { undo: never }) => self.undo);
};

describe('K1 a compensation that cannot be called', () => {
  it.each<[string, () => Class, string, RegExp]>([
    ['is missing', missing, 'Missing', /leads to no method/],
    ['is static', onClass, 'Static', /returns a function that is no method of Static/],
    ['is static, and looked for on the object', onClassByName, 'StaticName', /leads to no method/],
    ['is a getter', getter, 'Getter', /leads to no method.*no field, no getter/],
    ['is #private', hidden, 'Hidden', /is #private and has no name to look up.*TypeScript-private/],
    ['is named by a symbol', bySymbol, 'BySymbol', /is named by a symbol/],
    ['wants more arguments than it gets', tooMany, 'TooMany', /takes 2 arguments, and is called with one/],
    ['is no function', noFunction, 'NoFunction', /leads to no method/],
  ])('because it %s is refused at the start, with the class, the step and what is expected', async (_what, make, name, why) => {
    const [found, ...more] = await problems(make());
    expect(more).toEqual([]);
    expect(found?.startsWith(`${name}.act: `)).toBe(true);
    expect(found).toMatch(why);
    expect(found).toContain(`Undo<${name}, 'act'>`);
  });

  it('and nothing is said about one that can: TypeScript-private, inherited, or with more arguments that may be left out', async () => {
    class Base {
      protected async refund(_undo: Undo<Fits, 'pay'>): Promise<void> {}
    }
    class Fits extends Base {
      @Compensate((f: Fits) => f.refund)
      async pay(): Promise<void> {}

      @Compensate((f: Fits) => f.hide)
      async show(): Promise<void> {}
      private async hide(_undo: Undo<Fits, 'show'>, _times = 1): Promise<void> {}

      @Step({ readOnly: true })
      async look(): Promise<void> {
        await this.hide({} as never);
      }
    }
    expect(await problems(Fits)).toEqual([]);
  });
});
