import { afterEach, describe, expect, it } from 'vitest';
import { joinGroup, roundStreamOf, StoreUnavailableError } from '@redress/core';
import type { Change, Store } from '@redress/core';
import { Account } from './account.js';
import { code, open, join, all, connections, mortal, typed } from './members.js';
import type { Joined } from './members.js';

afterEach(async () => {
  for (const member of open) await member.leave();
  open.clear();
});

describe('a coordinated round', () => {
  it('saves the states of all members, and a recovery takes all of them back to it', async () => {
    const members = await all(connections());
    const [a, b] = members as [Joined, Joined];
    await a.member.call(() => a.account.add(-40));
    await b.member.call(() => b.account.add(40));
    expect(await a.member.checkpoint()).toBe(1);
    await a.member.call(() => a.account.add(-1));
    await b.member.recover('a test');
    await expect.poll(() => members.map(({ member }) => member.epoch)).toEqual([2, 2, 2]);
    expect(members.map(({ account }) => account.balance)).toEqual([-40, 40, 0]);
    expect(await b.member.checkpoint()).toBe(2);
  });

  it('CO6 a member that begins anew takes all back to one line: that of the last commit, though a round is open', async () => {
    const connect = connections();
    const victim = mortal(connect());
    const members = [await join(victim.store, 'a'), await join(connect(), 'b'), await join(connect(), 'c')];
    await Promise.all(members.map(({ member }) => member.ready));
    const [a, b] = members as [Joined, Joined];
    await a.member.call(() => a.account.add(5));
    await a.member.checkpoint();
    await b.member.call(() => b.account.add(7));
    const hit = victim.killAt(({ id }) => id.startsWith('round-state/g/a'));
    const round = b.member.checkpoint().catch(code);
    await hit;
    open.delete(a.member);
    const again = await join(connect(), 'a');
    await again.member.ready;
    expect(await round).toBe('ROUND_ABORTED');
    expect(again.account.balance).toBe(5);
    await expect.poll(() => b.account.balance).toBe(0);
    const restored = [...again.events, ...b.events].filter(({ name, details }) => name === 'round.restored' && details?.['epoch'] === 2);
    expect(restored.map(({ details }) => details?.['round'])).toEqual([1, 1]);
  });

  const points: readonly (readonly [string, (change: Change) => boolean, boolean, boolean, number])[] = [
    ['before it writes its state', ({ id }) => id.startsWith('round-state/g/a'), false, false, 1],
    ['after its state is written, and found by who began the round', ({ id }) => id.startsWith('round-state/g/a'), true, false, 2],
    ['after its state is written, too late to be found', ({ id }) => id.startsWith('round-state/g/a'), true, true, 1],
    ['before its acknowledgement', typed('ack', 'a'), false, true, 1],
    ['after its acknowledgement, the last one', typed('ack', 'a'), true, true, 2],
  ];
  it.each(points)('CO5 CO2 a member that dies %s leaves one line for all, and nobody stuck', async (_, is, isAfter, isLate, line) => {
    const connect = connections();
    const victim = mortal(connect());
    // It is late: who began the round looks for states no more, and the others have acknowledged by themselves.
    const members = [
      await join(victim.store, 'a'),
      await join(connect(), 'b', { deadlineMs: 500 }),
      await join(connect(), 'c', { deadlineMs: 500 }),
    ];
    await Promise.all(members.map(({ member }) => member.ready));
    const [a, b, c] = members as [Joined, Joined, Joined];
    await a.member.checkpoint();
    for (const one of members) await one.member.call(() => one.account.add(1));
    let release = (): void => {};
    if (isLate) void a.member.call(() => new Promise<void>((resolve) => (release = resolve)));
    const hit = victim.killAt(is, isAfter);
    const round = b.member.checkpoint().then(String, code);
    if (isLate) setTimeout(() => release(), 150);
    await hit;
    open.delete(a.member);
    // Those who are left are at work again soon after the deadline, without it.
    await b.member.call(() => {});
    await c.member.call(() => {});
    expect(await round).toBe(line === 2 ? '2' : 'ROUND_ABORTED');
    const again = await join(connect(), 'a');
    await again.member.ready;
    await expect.poll(() => [b.member.epoch, c.member.epoch]).toEqual([2, 2]);
    const of = (joined: Joined): unknown => joined.events.findLast(({ name }) => name === 'round.restored')?.details?.['round'];
    expect([again, b, c].map(of)).toEqual([line, line, line]);
    expect([again, b, c].map(({ account }) => account.handled)).toEqual([line - 1, line - 1, line - 1]);
  });

  it.each([
    // Where the computer stalls the others acknowledge by themselves.
    ['two commits of the register where whoever began it finds the states of the others', 'process', 2, 2],
    ['a commit for each member where what is read may not be on its replicas yet', 'replicated', 4, Infinity],
  ] as const)('costs %s', async (_, durability, least, most) => {
    const connect = connections();
    let commits = 0;
    const counted = (): Store =>
      new Proxy(connect(), {
        get: (store, name) => {
          const value = Reflect.get(store, name) as unknown;
          if (name === 'durability') return durability;
          if (typeof value !== 'function') return value;
          return (...args: readonly unknown[]) => {
            if (name === 'commit' && (args[0] as Change).id === roundStreamOf('g')) commits += 1;
            return Reflect.apply(value, store, args) as unknown;
          };
        },
      });
    const [a, b] = (await all(counted)) as [Joined, Joined];
    const costs: number[] = [];
    for (const { member } of [a, b, a, b, a, b, a, b]) {
      commits = 0;
      await member.checkpoint();
      costs.push(commits);
    }
    expect(Math.min(...costs)).toBeGreaterThanOrEqual(least);
    expect(Math.min(...costs)).toBeLessThanOrEqual(most);
  });

  it('commits no round with a state that was not written to its end', async () => {
    const connect = connections();
    const victim = mortal(connect());
    const large = { id: 'a', capture: () => 'x'.repeat(8_000_000), restore: () => {} };
    const a = await join(victim.store, 'a', { state: large });
    const others = [await join(connect(), 'b', { deadlineMs: 500 }), await join(connect(), 'c', { deadlineMs: 500 })];
    await Promise.all([a, ...others].map(({ member }) => member.ready));
    const hit = victim.killAt(({ id, expect: seen }) => id.startsWith('round-state/g/a') && seen !== 'absent');
    const round = others[0]?.member.checkpoint().catch(code);
    await hit;
    open.delete(a.member);
    expect(await round).toBe('ROUND_ABORTED');
  });

  it('keeps a state that was written while an older one is forgotten', async () => {
    const connect = connections();
    const slow = (): Store =>
      new Proxy(connect(), {
        get: (store, name) => {
          const value = Reflect.get(store, name) as unknown;
          if (typeof value !== 'function') return value;
          if (name !== 'drop') return value.bind(store) as unknown;
          return async (...args: readonly unknown[]) => {
            await new Promise((resolve) => setTimeout(resolve, 100));
            return Reflect.apply(value, store, args) as unknown;
          };
        },
      });
    const [a, b] = (await all(slow)) as [Joined, Joined];
    for (let i = 0; i < 3; i++) {
      await a.member.call(() => a.account.add(1));
      await a.member.checkpoint();
    }
    await new Promise((resolve) => setTimeout(resolve, 400));
    await b.member.recover('a test');
    await expect.poll(() => a.member.epoch).toBe(2);
    expect(a.account.balance).toBe(3);
  });

  it('nothing runs between acknowledgement and decision, and everything runs on after it', async () => {
    const connect = connections();
    const slow = mortal(connect());
    const members = [await join(slow.store, 'a'), await join(connect(), 'b', { deadlineMs: 400 }), await join(connect(), 'c')];
    await Promise.all(members.map(({ member }) => member.ready));
    const [, b, c] = members as [Joined, Joined, Joined];
    let let_ = (): void => {};
    void members[0]?.member.call(() => new Promise<void>((resolve) => (let_ = resolve)));
    const round = b.member.checkpoint().catch(code);
    await expect.poll(async () => (await connect().load(roundStreamOf('g')))?.entries.filter(({ type }) => type === 'ack').length).toBe(2);
    let ran = 0;
    void c.member.call(() => (ran += 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ran).toBe(0);
    let_();
    await round;
    await expect.poll(() => ran).toBe(1);
  });

  it('CO10 a member whose calls take too long declines, and the round ends without waiting for the deadline', async () => {
    const members = await all(connections(), { deadlineMs: 60_000, pauseMs: 50 });
    const [a, b] = members as [Joined, Joined];
    let end = (): void => {};
    const long = a.member.call(() => new Promise<void>((resolve) => (end = resolve)));
    const error = await b.member.checkpoint().catch((one: unknown) => one);
    expect(error).toMatchObject({
      code: 'ROUND_ABORTED',
      message: expect.stringContaining('a declined: its calls take too long') as string,
    });
    end();
    await long;
    expect(await b.member.checkpoint()).toBe(2);
  });

  it('CO11 a store that fails while a state is written costs the round, and the next one works', async () => {
    const connect = connections();
    let failures = 1;
    const store = connect();
    const failing = new Proxy(store, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => {
          const isState = name === 'commit' && (args[0] as Change).id.startsWith('round-state') && failures-- > 0;
          return isState ? Promise.reject(new StoreUnavailableError('no')) : (Reflect.apply(value, target, args) as unknown);
        };
      },
    });
    const members = [await join(failing, 'a'), await join(connect(), 'b'), await join(connect(), 'c')];
    await Promise.all(members.map(({ member }) => member.ready));
    expect(await members[1]?.member.checkpoint().catch(code)).toBe('ROUND_ABORTED');
    const state = await members[1]?.member.checkpoint();
    expect(state).toBe(2);
  });

  it('CO13 tells once when more rounds than are tolerated have failed in a row', async () => {
    const [told, early]: [string[], string[]] = [[], []];
    const connect = connections();
    const [a, b] = (await all(connect, { pauseMs: 20, tolerate: 2, onFailing: ({ code: one }) => told.push(one) })) as [Joined, Joined];
    let end = (): void => {};
    const block = (): Promise<void> => a.member.call(() => new Promise<void>((resolve) => (end = resolve)));
    for (const ending of ['fail', 'fail', 'ok', 'fail', 'fail', 'fail'] as const) {
      // It is at work again: it hears of the end of a round a little later than who began it.
      await a.member.call(() => {});
      const long = ending === 'fail' ? block() : undefined;
      await b.member.checkpoint().catch(() => {});
      end();
      await long;
      if (ending === 'ok') early.push(...told);
    }
    expect(early).toEqual([]);
    // Each of the three members.
    await expect.poll(() => told).toEqual(['ROUND_FAILING', 'ROUND_FAILING', 'ROUND_FAILING']);
  });

  it('takes rounds by itself, one after the other, and sweeps the states that no line needs', async () => {
    const connect = connections();
    const [a] = (await all(connect, { everyMs: 30, deadlineMs: 300 })) as [Joined];
    const committed = (): number => a.events.filter(({ name }) => name === 'round.committed').length;
    await expect.poll(committed, { timeout: 20_000 }).toBeGreaterThan(8);
    const states = async (): Promise<number> => (await connect().scan({ kind: 'round-state', name: 'g', limit: 1_000 })).heads.length;
    await expect.poll(states, { timeout: 20_000 }).toBeLessThan(15);
  });

  it('a call of an epoch that is over is told so, and what it did is taken back', async () => {
    const [a, b] = (await all(connections())) as [Joined, Joined];
    let end = (): void => {};
    const long = a.member
      .call(async () => {
        a.account.add(99);
        await new Promise<void>((resolve) => (end = resolve));
      })
      .catch(code);
    await b.member.recover('a test');
    await expect.poll(() => b.member.epoch).toBe(2);
    end();
    expect(await long).toBe('ROUND_EPOCH_OVER');
    await a.member.call(() => {});
    expect(a.account.balance).toBe(0);
  });

  it('ends an older life of a member when a younger one has begun, and goes on with that', async () => {
    const connect = connections();
    const [old, b] = (await all(connect)) as [Joined, Joined];
    await old.member.call(() => old.account.add(3));
    await old.member.checkpoint();
    const young = await join(connect(), 'a');
    await young.member.ready;
    expect(code(await old.member.ended)).toBe('ROUND_NO_MEMBER');
    expect(await old.member.call(() => {}).catch(code)).toBe('ROUND_NO_MEMBER');
    expect(young.account.balance).toBe(3);
    expect(await b.member.checkpoint()).toBe(2);
  });

  it('refuses other members, and calls after the end', async () => {
    const connect = connections();
    const [a] = (await all(connect)) as [Joined];
    const other = joinGroup({ store: connect(), group: 'g', members: ['a', 'z'], state: new Account('z') }).then(String, code);
    expect(await other).toBe('ROUND_NO_MEMBER');
    await a.member.leave();
    expect(await a.member.call(() => {}).catch(code)).toBe('ROUND_NO_MEMBER');
    expect(await a.member.checkpoint().catch(code)).toBe('ROUND_NO_MEMBER');
  });
});
