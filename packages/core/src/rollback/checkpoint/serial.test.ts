import { describe, expect, it } from 'vitest';
import { gate, open, turns } from './bank.fixture.js';

describe('calls of one object', () => {
  it('CC1 run one after the other: what one did is not lost when another is taken back', async () => {
    const { account, run } = open();
    const end = gate();
    const order: string[] = [];
    const a = run(async (one) => {
      one.balance = 0;
      await end.opened;
      order.push('a threw');
      throw new Error('no');
    });
    const b = run((one) => {
      order.push('b ran');
      one.balance += 5;
    });
    await turns();
    expect(order).toEqual([]);
    end.open();
    await expect(a).rejects.toThrow('no');
    await b;
    expect(order).toEqual(['a threw', 'b ran']);
    expect(account.balance).toBe(105);
  });

  it('come to their turn in the order of their coming', async () => {
    const { run } = open();
    const order: number[] = [];
    await Promise.all([1, 2, 3, 4, 5].map((n) => run(async () => (await turns(1), order.push(n)))));
    expect(order).toEqual([1, 2, 3, 4, 5]);
  });

  it('CC2 are not seen by readers before they have ended', async () => {
    const { account, handle, run } = open();
    const end = gate();
    const call = run(async (one) => {
      one.balance = 99;
      one.entries.set('a', { cents: 1 });
      expect(one.balance).toBe(99);
      await end.opened;
      expect(handle.read('balance', () => one.balance)).toBe(99);
    });
    expect(handle.read('balance', () => account.balance)).toBe(100);
    expect(account.balance).toBe(100);
    expect(account.entries.size).toBe(0);
    end.open();
    await call;
    expect(handle.read('balance', () => account.balance)).toBe(99);
  });

  it('may not write when they are read-only', async () => {
    const { account, handle, run } = open();
    expect(() => handle.read('balance', () => (account.balance = 1))).toThrow(expect.objectContaining({ code: 'CHECKPOINT_READ_ONLY' }));
    await run((one) => {
      expect(() => handle.read('balance', () => one.entries.clear())).toThrow(/read-only/);
    });
    expect(account.balance).toBe(100);
  });

  it('CC3 enter each other by their chain, 32 deep', async () => {
    const [x, y] = [open({ name: 'X' }), open({ name: 'Y' })];
    const call = (depth: number): Promise<unknown> =>
      (depth % 2 ? x : y).run((one) => {
        one.balance += 1;
        return depth > 1 ? call(depth - 1) : undefined;
      });
    await call(32);
    expect(x.account.balance + y.account.balance).toBe(232);
    await expect(call(33)).rejects.toMatchObject({ code: 'CHECKPOINT_DEPTH', details: { depth: 33 } });
    expect(x.account.balance + y.account.balance).toBe(232);
  });

  it('CC4 that wait for each other do not wait for ever: one is told of both, the other one completes', async () => {
    const [x, y] = [open({ name: 'X', lockTimeout: 50 }), open({ name: 'Y', lockTimeout: 50 })];
    const both = gate();
    const a = x.run(async (one) => {
      one.balance = 1;
      await both.opened;
      await y.run((other) => (other.balance = 2), 'y.inner');
    }, 'a');
    const b = y.run(async () => {
      both.open();
      await turns(20);
      await x.run((one) => (one.balance += 10), 'x.inner');
    }, 'b');
    const [first, second] = await Promise.allSettled([a, b]);
    expect(second.status).toBe('fulfilled');
    expect(first).toMatchObject({ reason: { code: 'CHECKPOINT_LOCK_TIMEOUT', details: { waiting: 'a → y.inner', running: 'b' } } });
    expect(x.account.balance).toBe(110);
    expect(y.account.balance).toBe(100);
  });

  it('do not take each other’s writes when a call begins several at once', async () => {
    const { account, run } = open();
    await run(async () => {
      const add = (key: string, fails: boolean): Promise<unknown> =>
        run(async (one) => {
          one.entries.set(key, { cents: 1 });
          await turns(2);
          if (fails) throw new Error(key);
        }).catch(() => {});
      await Promise.all([add('a', true), add('b', false), add('c', true), add('d', false)]);
    });
    expect([...account.entries.keys()]).toEqual(['b', 'd']);
  });

  it('end when all that they have begun has ended', async () => {
    const { account, run } = open();
    const inner = gate();
    let ended = false;
    const outer = run((one) => {
      one.balance = 1;
      void run(async (same) => {
        await inner.opened;
        same.balance = 2;
      });
    }).then(() => (ended = true));
    await turns();
    expect(ended).toBe(false);
    expect(account.balance).toBe(100);
    inner.open();
    await outer;
    expect(account.balance).toBe(2);
  });

  it('wait in a queue that has an end', async () => {
    const { run } = open({ maxQueue: 1 });
    const end = gate();
    const calls = [run(() => end.opened), run(() => 1)];
    await expect(run(() => 2)).rejects.toMatchObject({ code: 'CHECKPOINT_QUEUE_FULL' });
    end.open();
    await Promise.all(calls);
  });

  it('CC5 that have ended write nothing any more', async () => {
    const { account, run } = open();
    const late = gate();
    let written: Promise<unknown> = Promise.resolve();
    await run(() => {
      written = late.opened.then(() => (account.balance = 7));
      written.catch(() => {});
    });
    const end = gate();
    const other = run(async (one) => {
      one.balance = 50;
      await end.opened;
    });
    late.open();
    await expect(written).rejects.toMatchObject({ code: 'CHECKPOINT_DETACHED_WRITE' });
    end.open();
    await other;
    expect(account.balance).toBe(50);
  });

  it('CC5 that have ended write in a transaction of their own when told so, and never into another call', async () => {
    const { account, run } = open({ detachedWrites: 'own' });
    const [late, later] = [gate(), gate()];
    const writes: Promise<unknown>[] = [];
    await run(() => {
      writes.push(late.opened.then(() => (account.balance = 7)));
      writes.push(later.opened.then(() => (account.balance = 8)));
      for (const one of writes) one.catch(() => {});
    });
    late.open();
    await writes[0];
    expect(account.balance).toBe(7);
    const end = gate();
    const other = run(async (one) => {
      one.log.push('x');
      await end.opened;
      throw new Error('no');
    });
    later.open();
    await expect(writes[1]).rejects.toMatchObject({ code: 'CHECKPOINT_DETACHED_WRITE' });
    end.open();
    await other.catch(() => {});
    expect(account.balance).toBe(7);
  });

  it('are not written into by who calls none', async () => {
    const { account, run } = open();
    account.balance = 1;
    const end = gate();
    const call = run(() => end.opened);
    expect(() => (account.balance = 2)).toThrow(expect.objectContaining({ code: 'CHECKPOINT_DETACHED_WRITE' }));
    end.open();
    await call;
    expect(account.balance).toBe(1);
  });
});
