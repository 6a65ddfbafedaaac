import { createEnvironment } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker, redress } from './index.js';
import type { MethodBreakerOptions } from './index.js';

const quick = { interval: 10, leaseTtl: 5000, quorum: 1 } as const;

/** The class as each process declares it. */
function declare(options: MethodBreakerOptions) {
  class Bank {
    isUp = true;
    @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h', ...options })
    async charge(): Promise<string> {
      if (!this.isUp) throw new Error('down');
      return 'up';
    }
    end(): Promise<string> {
      return this.charge().catch((error: { code?: string; message: string }) => error.code ?? error.message);
    }
  }
  return Bank;
}

async function processes(options: MethodBreakerOptions) {
  const shared = createMemoryDatabase();
  const open = async () => {
    const bank = new (declare(options))();
    const environment = createEnvironment();
    return { bank, environment, app: await redress({ store: memoryStore({ shared }), instances: [bank], worker: false, environment }) };
  };
  return { all: await Promise.all([open(), open()]), store: memoryStore({ shared }) };
}

describe('@CircuitBreaker({ shared })', () => {
  it.each([true, {}])('opens in one process what has opened in another one, in the store of the runtime (shared: %j)', async (given) => {
    const { all, store } = await processes({ shared: given === true ? quick : { ...quick, name: 'charge' } });
    const [one, two] = all;
    await two!.bank.end();
    one!.bank.isUp = false;
    expect([await one!.bank.end(), await one!.bank.end(), await one!.bank.end()]).toEqual(['down', 'down', 'CIRCUIT_OPEN']);
    await expect.poll(() => two!.bank.end(), { timeout: 10_000 }).toBe('CIRCUIT_OPEN');
    const id = `breaker/${given === true ? 'Bank.charge' : 'charge'}`;
    expect((await store.load(id))?.head.name).toBe(id.slice(8));
    await Promise.all(all.map(({ app }) => app.stop()));
    expect(JSON.parse(String((await store.load(id))?.head.meta))).toMatchObject({ nodes: {} });
  });

  it('says what to do when there is no runtime, and needs none with a store of its own', async () => {
    const Bank = declare({ shared: true });
    await expect(new Bank().charge()).rejects.toThrow(/Bank.charge: Its circuit breaker is shared, and there is no runtime/);
    const other = new (declare({ shared: { ...quick, store: memoryStore() } }))();
    expect(await other.end()).toBe('up');
  });

  it('is checked at definition', () => {
    expect(() => declare({ shared: { quorum: 0 } })).toThrow(/Bank.charge, @CircuitBreaker.*shared, quorum/);
  });

  it('has circuits of its own again in the next runtime of the same environment', async () => {
    const environment = createEnvironment();
    const bank = new (declare({ shared: quick }))();
    for (let life = 0; life < 2; life++) {
      const app = await redress({ store: memoryStore(), instances: [bank], worker: false, environment });
      bank.isUp = false;
      expect([await bank.end(), await bank.end(), await bank.end()]).toEqual(['down', 'down', 'CIRCUIT_OPEN']);
      await app.stop();
    }
  });
});
