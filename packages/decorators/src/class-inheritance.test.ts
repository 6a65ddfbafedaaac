import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { redress, Retry } from './index.js';
import type { App } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class Busy extends Error {}
const retry = (maxRetries: number) => Retry({ maxRetries, delay: 0, retryOn: [Busy], budget: false });

class Counted {
  runs = 0;
  protected fail(): never {
    this.runs += 1;
    throw new Busy('no');
  }
}

async function runsOf(service: Counted & { call(): Promise<unknown> }): Promise<number> {
  await expect(service.call()).rejects.toThrow('no');
  return service.runs;
}

describe('a policy at a class that others extend', () => {
  it('RT-27 is found by the class of the method, then by the class of the object', async () => {
    @retry(3)
    class ClassMarked extends Counted {
      async call(): Promise<unknown> {
        return this.fail();
      }
    }
    class Inherits extends ClassMarked {}
    class MethodMarked extends Counted {
      @retry(3)
      async call(): Promise<unknown> {
        return this.fail();
      }
    }
    class OverridesBare extends MethodMarked {
      override async call(): Promise<unknown> {
        return this.fail();
      }
    }
    @retry(4)
    class DerivedMarked extends MethodMarked {}
    @retry(4)
    class DerivedMarkedBare extends MethodMarked {
      override async call(): Promise<unknown> {
        return this.fail();
      }
    }
    @retry(3)
    class BothMarked extends Counted {
      @retry(7)
      async call(): Promise<unknown> {
        return this.fail();
      }
    }
    class OverridesBoth extends BothMarked {
      override async call(): Promise<unknown> {
        return this.fail();
      }
    }
    const last = new OverridesBoth();
    await open(last);
    const layouts = [new Inherits(), new OverridesBare(), new DerivedMarked(), new DerivedMarkedBare(), last];
    const runs = [];
    for (const one of layouts) runs.push(await runsOf(one));
    expect(runs).toEqual([4, 1, 4, 5, 4]);
  });

  it('concerns an override without a mark from the first call of any protected method on', async () => {
    @retry(1)
    class Base extends Counted {
      async call(): Promise<unknown> {
        return this.fail();
      }
      async hello(): Promise<string> {
        return 'hello';
      }
    }
    class Derived extends Base {
      override async call(): Promise<unknown> {
        return this.fail();
      }
    }
    expect(await new Derived().hello()).toBe('hello');
    expect(await runsOf(new Derived())).toBe(2);
  });

  it('concerns what its class inherits from one without a mark, and leaves that one as it is', async () => {
    class Plain extends Counted {
      async call(): Promise<unknown> {
        return this.fail();
      }
    }
    @retry(2)
    class Marked extends Plain {}
    expect([await runsOf(new Marked()), await runsOf(new Plain())]).toEqual([3, 1]);
    expect(Object.getOwnPropertyNames(Marked.prototype)).toContain('call');
  });

  it('RT-28 is one with that of the method that is called by super', async () => {
    @retry(1)
    class Base extends Counted {
      async call(): Promise<unknown> {
        return this.fail();
      }
    }
    @retry(1)
    class Derived extends Base {
      override async call(): Promise<unknown> {
        return super.call();
      }
    }
    expect(await runsOf(new Derived())).toBe(2);
  });
});
