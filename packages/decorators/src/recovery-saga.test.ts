import { RefusedError } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { Compensate, Detect, Recover, redress, Repair, Retry, Saga, Step, step, Timeout } from './index.js';
import type { App, Undo } from './index.js';

const apps: App[] = [];
const open = async (...instances: object[]): Promise<App> => {
  const app = await redress({ store: memoryStore(), instances, worker: false });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

class InvalidDataError extends Error {}
class Rejected extends RefusedError {}

/** What a step's body does at each attempt: hangs, throws, or answers. */
type End = 'hangs' | Error | number;

class Shop {
  readonly undone: unknown[] = [];
  readonly charged: unknown[] = [];
  constructor(readonly ends: End[]) {}

  @Timeout(15)
  @Detect((sum: number) => sum > 0)
  @Repair({ on: ['TimeoutError', 'BAD_RESULT', InvalidDataError], then: 'continue', with: (shop: Shop) => shop.assume })
  @Compensate((shop: Shop) => shop.undo, { total: true })
  async pay(sum: number): Promise<number> {
    return this.body(sum);
  }

  @Repair({ on: [InvalidDataError, Rejected], with: (shop: Shop) => shop.halve })
  @Compensate((shop: Shop) => shop.undo, { total: true })
  async halving(sum: number): Promise<number> {
    return this.body(sum);
  }

  @Recover([{ on: InvalidDataError, action: 'fallback', method: (shop: Shop) => shop.assume }], { action: 'degrade', value: 1 })
  @Retry({ maxRetries: 1, delay: 0 })
  @Compensate((shop: Shop) => shop.undo, { total: true })
  async table(sum: number): Promise<number> {
    return this.body(sum);
  }

  @Repair({ on: InvalidDataError, with: (shop: Shop) => shop.halve })
  @Step({ repeatable: false, irreversible: 'a letter' })
  async once(sum: number): Promise<number> {
    return this.body(sum);
  }

  private async body(sum: number): Promise<number> {
    this.charged.push(sum);
    const end = this.ends.shift();
    if (end === 'hangs') return new Promise(() => {});
    if (end instanceof Error) throw end;
    return end ?? sum;
  }

  protected assume(): number {
    return 5;
  }
  protected async halve(sum: number): Promise<[number]> {
    await step().note({ charged: sum / 2 });
    return [sum / 2];
  }
  async undo(undo: Undo<Shop, 'pay'>): Promise<void> {
    this.undone.push([undo.outcome, undo.result, undo.alsoUnknown, undo.args[0]]);
    this.notes = undo.notes;
  }
  notes: readonly unknown[] = [];

  @Saga()
  async run(which: 'pay' | 'halving' | 'table' | 'once'): Promise<void> {
    this.answer = await this[which](10);
    throw new Error('back');
  }
  answer = 0;
}

const run = async (which: Parameters<Shop['run']>[0], ...ends: End[]): Promise<Shop> => {
  const shop = new Shop(ends);
  await open(shop);
  await expect(shop.run(which)).rejects.toMatchObject({ code: 'SAGA_COMPENSATED' });
  return shop;
};

describe('repairs at a step of a saga', () => {
  it('a repaired answer settles nothing about an attempt that timed out', async () => {
    const { undone, answer } = await run('pay', 'hangs');
    expect([answer, undone]).toEqual([5, [['done', 5, true, 10]]]);
  });

  it('nor about one that failed in its own way, or whose answer was not good', async () => {
    expect((await run('pay', new InvalidDataError('x'))).undone).toEqual([['done', 5, true, 10]]);
    expect((await run('pay', -1)).undone).toEqual([['done', 5, true, 10]]);
    expect((await run('halving', new InvalidDataError('x'))).undone).toEqual([['done', 5, true, 10]]);
    expect((await run('table', new InvalidDataError('x'))).undone).toEqual([['done', 5, true, 10]]);
    expect((await run('table', new Error('x'))).undone).toEqual([['done', 1, true, 10]]);
  });

  it('an attempt that was refused had no effect, and the undo learns of the repaired arguments by a note', async () => {
    const { undone, charged, notes } = await run('halving', new Rejected('too much'));
    expect(charged).toEqual([10, 5]);
    expect(undone).toEqual([['done', 5, false, 10]]);
    expect(notes).toEqual([{ charged: 5 }]);
  });

  it('an answer that is not good, and not repaired, has been given: the step is unknown, and undone', async () => {
    class Bare {
      readonly undone: string[] = [];
      @Detect((sum: number) => sum > 0)
      @Compensate((bare: Bare) => bare.undo, { total: true })
      async pay(): Promise<number> {
        return -1;
      }
      async undo(undo: Undo<Bare, 'pay'>): Promise<void> {
        this.undone.push(undo.outcome);
      }
      @Saga()
      async run(): Promise<void> {
        await this.pay();
      }
    }
    const bare = new Bare();
    await open(bare);
    await expect(bare.run()).rejects.toMatchObject({ cause: { code: 'BAD_RESULT' } });
    expect(bare.undone).toEqual(['unknown']);
  });

  it('a step that must not be repeated is not, by a repair either', async () => {
    const shop = new Shop([new InvalidDataError('x')]);
    await open(shop);
    await expect(shop.run('once')).rejects.toBeInstanceOf(Error);
    expect(shop.charged).toEqual([10]);
  });
});
