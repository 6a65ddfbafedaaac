import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { bind, Compensate, redress, Retry, Saga, Step, step } from './index.js';
import type { App, Undo } from './index.js';

const reset = (): Error => Object.assign(new Error('reset'), { code: 'ECONNRESET' });
const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class Base {
  readonly log: string[] = [];

  @Compensate((b: Base) => b.undo, { total: true })
  async act(what: string): Promise<string> {
    this.log.push(`base ${what}`);
    return step().operation;
  }

  async undo(undo: Undo<Base, 'act'>): Promise<void> {
    this.log.push(`base undoes ${undo.args[0]}`);
  }

  @Saga()
  async run(fail = false): Promise<string> {
    const operation = await this.act('now');
    if (fail) throw new Error('back');
    return operation;
  }
}

class Inherits extends Base {}

class Unmarked extends Base {
  override async act(what: string): Promise<string> {
    this.log.push('unmarked');
    return super.act(`${what} by super`);
  }
}

class Marked extends Base {
  @Compensate((m: Marked) => m.undoMarked, { total: true })
  override async act(what: string): Promise<string> {
    this.log.push('marked');
    return super.act(what);
  }

  async undoMarked(undo: Undo<Marked, 'act'>): Promise<void> {
    this.log.push(`marked undoes ${undo.args[0]}`);
  }
}

class OtherUndo extends Base {
  override async undo(undo: Undo<Base, 'act'>): Promise<void> {
    this.log.push('first this');
    await super.undo(undo);
  }
}

class OwnSaga extends Base {
  @Saga({ name: 'own' })
  override async run(fail = false): Promise<string> {
    this.log.push('own');
    return super.run(fail);
  }
}

describe('inheritance', () => {
  it('an inherited step and saga bear the name of the class whose object it is', async () => {
    const one = new Inherits();
    const app = await open(one);
    expect(await one.run()).toBe('Inherits.act');
    const handle = await app.start(Inherits, 'run');
    expect(handle.saga).toBe('Inherits.run');
    expect(await handle.outcome()).toBe('Inherits.act');
  });

  it('an override without a mark is plain; what it calls with super is the step', async () => {
    const one = new Unmarked();
    await open(one);
    await expect(one.run(true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(one.log).toEqual(['unmarked', 'base now by super', 'base undoes now by super']);
  });

  it('an override with a mark is the step; super is a part of it', async () => {
    const one = new Marked();
    const app = await open(one);
    const completed: unknown[] = [];
    app.events.on('step.completed', (event) => completed.push(event.step));
    await expect(one.run(true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(one.log).toEqual(['marked', 'base now', 'marked undoes now']);
    expect(completed).toEqual(['Marked.act']);
  });

  it('an override of the handler is what undoes', async () => {
    const one = new OtherUndo();
    await open(one);
    await expect(one.run(true)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
    expect(one.log).toEqual(['base now', 'first this', 'base undoes now']);
  });

  it('super in a saga is a part of that saga', async () => {
    const one = new OwnSaga();
    await open(one);
    expect(await one.run()).toBe('OwnSaga.act');
    expect(one.log).toEqual(['own', 'base now']);
  });

  it('classes side by side keep apart what they inherit', async () => {
    const [base, inherits, marked] = [new Base(), new Inherits(), new Marked()];
    await open(base, inherits, marked);
    expect([await base.run(), await inherits.run(), await marked.run()]).toEqual(['Base.act', 'Inherits.act', 'Marked.act']);
  });

  it('repetitions of a method and of the method that it overrides do not multiply', async () => {
    class Shaky {
      tries = 0;
      @Retry({ maxRetries: 1, delay: 0, nested: 'allow' })
      async act(): Promise<void> {
        this.tries += 1;
        throw reset();
      }
    }
    class Shakier extends Shaky {
      @Retry({ maxRetries: 1, delay: 0, nested: 'allow' })
      override async act(): Promise<void> {
        return super.act();
      }
    }
    const one = new Shakier();
    await expect(one.act()).rejects.toThrow('reset');
    expect(one.tries).toBe(2);
  });

  it('a step of a class that nobody listed is refused before it runs, when its undo would reach another class', async () => {
    const [base, unlisted] = [new Base(), new Inherits()];
    class Caller {
      @Saga()
      async run(): Promise<void> {
        await unlisted.act('now');
      }
    }
    const caller = new Caller();
    const app = await open(base, caller);
    await expect(caller.run()).rejects.toMatchObject({
      cause: {
        code: 'CONFIG_WRONG_CLASS',
        message: expect.stringContaining('an object of the class Inherits, and its undo or recovery would reach one of Base'),
      },
    });
    expect(unlisted.log).toEqual([]);
    bind(app, unlisted);
    await caller.run();
    expect(unlisted.log).toEqual(['base now']);
  });

  it('a saga of a class that nobody listed is refused for the same reason', async () => {
    await open(new Base());
    await expect(new Inherits().run()).rejects.toMatchObject({ code: 'CONFIG_WRONG_CLASS' });
  });

  it('a read-only step has nothing to undo, so any object will do', async () => {
    class Reader {
      @Step({ readOnly: true })
      async look(): Promise<string> {
        return step().operation;
      }
    }
    class Special extends Reader {}
    const special = new Special();
    class Caller {
      @Saga()
      async run(): Promise<string> {
        return special.look();
      }
    }
    const caller = new Caller();
    await open(new Reader(), caller);
    expect(await caller.run()).toBe('Reader.look');
  });

  it('a base method called past its override is refused in a saga', async () => {
    class Past extends Marked {
      @Saga({ name: 'past' })
      async past(): Promise<string> {
        return Base.prototype.act.call(this, 'past');
      }
    }
    const one = new Past();
    await open(one);
    await expect(one.past()).rejects.toMatchObject({ cause: { code: 'CONFIG_WRONG_CLASS' } });
    expect(one.log).toEqual([]);
  });
});
