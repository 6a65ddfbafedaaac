import { describe, expect, it } from 'vitest';
import { logStreamOf, RedressError, StoreUnavailableError } from '@redress/core';
import type { Change, LogContext, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { adding, bound, Listener, open } from './account.js';

const code = (error: unknown): string => (RedressError.is(error) ? error.code : String(error));

/** A store in which the answers of commits come when they are let. */
function held(store: Store): { readonly store: Store; let(): void; readonly commits: Change[] } {
  const waiting: (() => void)[] = [];
  const commits: Change[] = [];
  let isHeld = false;
  const commit: Store['commit'] = async (change) => {
    commits.push(change);
    if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
    return store.commit(change);
  };
  const seen = new Proxy(store, { get: (target, name) => (name === 'commit' ? commit : bound(target, name)) });
  return {
    store: seen,
    commits,
    let() {
      isHeld = !isHeld;
      for (const go of waiting.splice(0)) go();
    },
  };
}

const turns = (ms = 30): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a message log', () => {
  it('handles each message once, in order, and goes on where it was after an end without notice', async () => {
    const store = memoryStore();
    const first = await open(store, adding);
    expect(await (await first.log.accept({ from: 'a', sequence: 1, body: 5 })).done).toBe(5);
    expect(await (await first.log.accept({ from: 'a', sequence: 2, body: 7 })).done).toBe(12);
    // No close: the process is gone.
    const second = await open(store, adding);
    expect(second.log.incarnation).toBe(2);
    await second.log.drained();
    expect(second.account).toMatchObject({ balance: 12, handled: 2 });
    const again = await second.log.accept({ from: 'a', sequence: 2, body: 7 });
    expect(again).toMatchObject({ duplicate: true, position: 0 });
    expect(second.account.balance).toBe(12);
    await second.log.close();
  });

  it('releases neither replies nor outputs before what they rest on is durable, though the handler has run', async () => {
    const gate = held(memoryStore());
    const world = new Listener();
    const { log, account } = await open(
      gate.store,
      (one) => (message, context) => {
        one.add(message.body as number);
        context.send('world', one.balance);
        return one.balance;
      },
      { sinks: { world } },
    );
    gate.let();
    let isAcknowledged = false;
    const receipt = log.accept({ from: 'a', sequence: 1, body: 5 }).then((one) => {
      isAcknowledged = true;
      return one;
    });
    await turns();
    expect(account.balance).toBe(5);
    expect([isAcknowledged, world.got]).toEqual([false, []]);
    gate.let();
    expect(await (await receipt).done).toBe(5);
    await log.drained();
    expect(world.got).toMatchObject([{ key: 'account/1/0', sequence: 1, from: 'account', body: 5 }]);
    await log.close();
  });

  it('acknowledges a duplicate only when the first one is durable', async () => {
    const gate = held(memoryStore());
    const { log } = await open(gate.store, adding);
    gate.let();
    const both = [log.accept({ from: 'a', sequence: 1, body: 5 }), log.accept({ from: 'a', sequence: 1, body: 5 })];
    let isAcknowledged = false;
    void both[1]?.then(() => (isAcknowledged = true));
    await turns();
    expect(isAcknowledged).toBe(false);
    gate.let();
    expect((await Promise.all(both)).map(({ duplicate }) => duplicate)).toEqual([false, true]);
    await log.close();
  });

  it('lets no reply out that rests on chance of an earlier message which is not durable yet', async () => {
    const gate = held(memoryStore());
    const { log } = await open(gate.store, (one) => (message, context) => {
      if (message.type === 'draw') one.balance = Math.floor(context.random() * 1_000_000);
      return one.balance;
    });
    await log.accept({ body: 0 });
    gate.let();
    const draw = log.accept({ type: 'draw', body: 0 });
    await turns(5);
    let isTold = false;
    const ask = log.accept({ body: 0 }).then(async ({ done }) => {
      const value = await done;
      isTold = true;
      return value;
    });
    await turns();
    expect(isTold).toBe(false);
    gate.let();
    expect(await ask).toBe(await (await draw).done);
    await log.close();
  });

  it('ML3 decides the replay by position: records of the millisecond of the checkpoint are neither lost nor doubled', async () => {
    const clock = { now: () => 1_000 };
    const store = memoryStore({
      clock: { ...clock, monotonic: () => 0, setTimer: () => ({ cancel() {} }), nextTurn: (fn) => setImmediate(fn) },
    });
    const first = await open(store, adding, { keep: 1 });
    for (let n = 1; n <= 3; n++) await first.log.accept({ from: 'a', sequence: n, body: n });
    await first.log.checkpoint();
    for (let n = 4; n <= 6; n++) await first.log.accept({ from: 'a', sequence: n, body: n });
    await first.log.drained();
    const second = await open(store, adding, { keep: 1 });
    await second.log.drained();
    expect(second.account).toMatchObject({ balance: 21, handled: 6 });
    await second.log.close();
  });

  it('logs time, chance and answers, and repeats none of them', async () => {
    const store = memoryStore();
    const calls: string[] = [];
    const taking = (seen: unknown[]) => () => async (_: unknown, context: LogContext) => {
      const price = await context.effect('price', (key) => {
        calls.push(key);
        return { cents: 99, at: new Date(5) };
      });
      const failed = await context.effect('fails', () => Promise.reject(new RangeError('no'))).catch((error: unknown) => error);
      seen.push([context.now(), context.random(), context.uuid(), price, (failed as Error).message, failed instanceof RangeError]);
    };
    const [live, replayed]: [unknown[], unknown[]] = [[], []];
    const first = await open(store, taking(live));
    await (
      await first.log.accept({ body: 1 })
    ).done;
    const second = await open(store, taking(replayed));
    expect(replayed).toEqual(live);
    expect(live).toEqual([
      [expect.any(Number), expect.any(Number), expect.stringMatching(/^[0-9a-f-]{36}$/), { cents: 99, at: new Date(5) }, 'no', true],
    ]);
    expect(calls).toEqual(['account/1/e0']);
    await second.log.close();
  });

  it('asks for an effect only when all before it is durable, and keeps its answer when a later one is cut off', async () => {
    const gate = held(memoryStore());
    const calls: string[] = [];
    const cut = new Promise<never>(() => {});
    const handler = (isCut: boolean) => () => async (_: unknown, context: LogContext) => {
      const chance = context.random();
      await context.effect('one', () => void calls.push(`one ${chance}`));
      await context.effect('two', () => (calls.push(`two ${chance}`), isCut ? cut : undefined));
    };
    const first = await open(gate.store, handler(true));
    gate.let();
    const accepted = first.log.accept({ body: 1 });
    await turns();
    expect(calls).toEqual([]);
    gate.let();
    await accepted;
    await expect.poll(() => calls.length).toBe(2);
    const second = await open(gate.store, handler(false));
    await second.log.drained();
    const [one, two] = calls as [string, string];
    expect(calls).toEqual([one, two, two]);
    expect(two.split(' ')[1]).toBe(one.split(' ')[1]);
    await second.log.close();
  });

  it('ML6 an old writer that comes back is refused by the store and fences itself, and the new one is unaffected', async () => {
    const database = createMemoryDatabase();
    const old = await open(memoryStore({ shared: database }), adding);
    await old.log.accept({ from: 'a', sequence: 1, body: 1 });
    const young = await open(memoryStore({ shared: database }), adding);
    await young.log.accept({ from: 'a', sequence: 2, body: 10 });
    const refused = await old.log.accept({ from: 'a', sequence: 3, body: 100 }).catch(code);
    expect(refused).toBe('LOG_FENCED');
    expect(code(await old.log.ended)).toBe('LOG_FENCED');
    expect(await old.log.accept({ from: 'a', sequence: 4, body: 1 }).catch(code)).toBe('LOG_FENCED');
    await young.log.accept({ from: 'a', sequence: 3, body: 100 });
    await young.log.drained();
    expect(young.account.balance).toBe(111);
    await young.log.close();
  });

  it('of two that open it at once, one at least is refused, and a later one finds everything', async () => {
    const store = memoryStore();
    const both = await Promise.allSettled([open(store, adding), open(store, adding)]);
    const won = both.filter((one) => one.status === 'fulfilled');
    expect(won.length).toBe(1);
    expect(code(both.find((one) => one.status === 'rejected')?.reason)).toBe('LOG_FENCED');
  });

  it('a commit whose answer is lost is not written twice', async () => {
    const store = memoryStore();
    let losses = 0;
    const lossy = new Proxy(store, {
      get: (target, name) =>
        name !== 'commit'
          ? bound(target, name)
          : async (change: Change) => {
              const done = await store.commit(change);
              losses += 1;
              if (losses % 2 === 0) throw new StoreUnavailableError('lost');
              return done;
            },
    });
    const { log, account } = await open(lossy, adding);
    for (let n = 1; n <= 5; n++) await log.accept({ from: 'a', sequence: n, body: n });
    await log.drained();
    const positions = (await store.load(logStreamOf('account')))?.entries.length;
    await log.close();
    const second = await open(store, adding);
    await second.log.drained();
    expect([account.balance, second.account.balance]).toEqual([15, 15]);
    expect(positions).toBeGreaterThan(5);
    await second.log.close();
  });

  it('ML14 a confirmation that is lost makes a redelivery with the same key, also after a restart', async () => {
    const store = memoryStore();
    const sending = () => (_: unknown, context: LogContext) => void context.send('world', 'hello');
    const world = new Listener();
    const lost = {
      kind: 'idempotent' as const,
      deliver: (outputs: Parameters<Listener['deliver']>[0]) => world.deliver(outputs).then(() => Promise.reject(new Error('lost'))),
    };
    const first = await open(store, sending, { sinks: { world: lost }, redeliverMs: 1_000_000 });
    await (
      await first.log.accept({ from: 'a', sequence: 1, body: 1 })
    ).done;
    await expect.poll(() => world.got.length).toBe(1);
    const second = await open(store, sending, { sinks: { world } });
    await second.log.drained();
    expect(world.keys).toEqual(['account/1/0', 'account/1/0']);
    expect(second.log.report()).toMatchObject([{ sink: 'world', guarantee: 'once by key', made: 1, confirmed: 1 }, {}]);
    // What a durable head calls confirmed is not sent again.
    await second.log.close();
    const third = await open(store, sending, { sinks: { world } });
    await third.log.drained();
    expect(world.keys.length).toBe(2);
    await third.log.close();
  });
});
