import { createEnvironment, StoreUnavailableError } from '@redress/core';
import type { Change, Commit, LogHandler, Output, Sink, Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { seededRandom } from '@redress/testkit';
import { expect, it } from 'vitest';
import { bound, open } from './account.js';
import type { Account, Opened } from './account.js';

const MESSAGES = 30;

/** Handlers that take from everywhere and throw anywhere, over a store that loses answers, in a process that is killed. */
class Storm {
  readonly delivered = new Map<string, string>();
  private readonly random: () => number;
  private readonly database = createMemoryDatabase();

  constructor(seed: number) {
    const source = seededRandom(seed);
    this.random = () => source.next();
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  async live(): Promise<Opened & { kill(): void }> {
    const environment = createEnvironment();
    const { clock } = environment;
    const setTimer: typeof clock.setTimer = (ms, fn, options) => clock.setTimer(ms > 1_000 ? ms : Math.min(ms, 1), fn, options);
    const quick = { ...environment, clock: Object.assign(Object.create(clock) as typeof clock, { setTimer }) };
    const options = {
      sinks: { world: this.sink() },
      checkpointEvery: 4,
      attempts: 1_000,
      crashes: 1_000,
      redeliverMs: 1,
      environment: quick,
    };
    for (;;) {
      const { store, kill } = this.store();
      try {
        return { ...(await open(store, (account) => this.handler(account), options)), kill };
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
      }
    }
  }

  private store(): { readonly store: Store; kill(): void } {
    let isDead = false;
    const never = new Promise<never>(() => {});
    const inner = memoryStore({ shared: this.database });
    const commit = async (change: Change): Promise<Commit> => {
      if (isDead) return never;
      if (this.chance(0.05)) throw new StoreUnavailableError('not applied');
      const done = await inner.commit(change);
      if (isDead) return never;
      if (this.chance(0.05)) throw new StoreUnavailableError('its answer was lost');
      return done;
    };
    const store = new Proxy(inner, { get: (target, name) => (name === 'commit' ? commit : bound(target, name)) });
    return { store, kill: () => (isDead = true) };
  }

  private sink(): Sink {
    const take = ({ key, body }: Output): void => {
      const text = JSON.stringify(body);
      // Whatever was undone meanwhile: a key has one body.
      expect(this.delivered.get(key) ?? text).toBe(text);
      this.delivered.set(key, text);
    };
    const deliver = async (outputs: readonly Output[]): Promise<void> => {
      if (this.chance(0.1)) throw new Error('no line');
      outputs.forEach(take);
    };
    return { kind: 'idempotent', deliver };
  }

  private handler(account: Account): LogHandler {
    return async ({ body }, context) => {
      const n = body as number;
      let sum = n;
      for (let i = 0; i < 4; i++) {
        const what = Math.floor(context.random() * 4);
        if (what === 0) sum += context.now() % 7;
        if (what === 1) sum += await context.effect(`refuses ${i}`, () => this.answer(0.2, n + i));
        if (what === 2) sum += await context.effect(`is caught ${i}`, () => this.answer(0.5, 1)).catch(() => -1);
        if (what === 3) context.send('world', { n, i, sum });
        if (!context.replaying && this.chance(0.05)) throw new Error('now and then');
      }
      account.add(sum);
      context.send('world', { n, total: account.balance });
    };
  }

  private answer(share: number, value: number): number {
    if (this.chance(share)) throw new Error('declined');
    return value;
  }
}

it.each(Array.from({ length: 25 }, (_, i) => i + 1))(
  'whatever handlers take, and wherever they throw, each message counts once and a replay comes to the same (seed %i)',
  async (seed) => {
    const storm = new Storm(seed);
    let life = await storm.live();
    let next = 1;
    while (next <= MESSAGES) {
      const some = Array.from({ length: Math.min(4, MESSAGES + 1 - next) }, (_, i) => next + i);
      const { log } = life;
      const all = Promise.all(some.map((sequence) => log.accept({ from: 's', sequence, body: sequence })));
      if (storm.chance(0.2)) {
        await Promise.race([all.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 3))]);
        life.kill();
        life = await storm.live();
      } else {
        await all;
        next += some.length;
      }
    }
    await life.log.drained();
    expect(life.account.handled).toBe(MESSAGES);
    const totals = [...storm.delivered.values()]
      .map((text) => (JSON.parse(text) as { total?: number }).total)
      .filter((one) => one !== undefined);
    expect(totals.length).toBe(MESSAGES);
    expect(totals).toContain(life.account.balance);
    life.kill();
    const last = await storm.live();
    await last.log.drained();
    expect(last.account.balance).toBe(life.account.balance);
    await last.log.close();
  },
);
