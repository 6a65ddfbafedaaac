import { memoryStore } from '@redress/memory';
import { describe, expect, it } from 'vitest';
import { breakerOf, CircuitBreaker, redress } from './index.js';

function bank() {
  @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h' })
  class Bank {
    async charge(fails: boolean): Promise<string> {
      if (fails) throw new Error('no');
      return 'charged';
    }
    async rate(): Promise<string> {
      return 'rate';
    }
    @CircuitBreaker({ requestVolumeThreshold: 2, delay: '1h', key: (host: string) => host })
    async ask(host: string): Promise<void> {
      throw new Error(host);
    }
  }
  return Bank;
}

const ends = async (call: () => Promise<unknown>, times: number): Promise<unknown[]> => {
  const seen: unknown[] = [];
  for (let i = 0; i < times; i++) {
    seen.push(
      await call().then(
        () => 'fine',
        (error: Error) => error.name,
      ),
    );
  }
  return seen;
};

describe('breakerOf', () => {
  it('says the state of the breaker of a class and method, and resets it', async () => {
    const Bank = bank();
    const breaker = breakerOf(Bank, 'charge');
    expect(breaker.state()).toBe('closed');
    const one = new Bank();
    expect(await ends(() => one.charge(true), 3)).toEqual(['Error', 'Error', 'CircuitOpenError']);
    expect([breaker.state(), breakerOf(Bank, 'rate').state()]).toEqual(['open', 'closed']);
    breaker.reset();
    expect(breaker.state()).toBe('closed');
    expect(await ends(() => one.charge(true), 1)).toEqual(['Error']);
    breaker.reset();
    expect(await ends(() => one.charge(true), 1)).toEqual(['Error']);
    expect(breaker.state()).toBe('closed');
  });

  it('CB-29 isolates the method until everybody has let go, whatever is reset', async () => {
    const Bank = bank();
    const one = new Bank();
    const breaker = breakerOf(Bank, 'charge');
    const [first, second] = [breaker.isolate(), breaker.isolate()];
    first.dispose();
    first.dispose();
    breaker.reset();
    expect(await ends(() => one.charge(false), 1)).toEqual(['CircuitOpenError']);
    expect(await ends(() => one.rate(), 1)).toEqual(['fine']);
    second.dispose();
    expect(await ends(() => one.charge(false), 1)).toEqual(['fine']);
  });

  it('knows the circuits of its keys', async () => {
    const Bank = bank();
    const one = new Bank();
    const breaker = breakerOf(Bank, 'ask');
    await ends(() => one.ask('a'), 2);
    await ends(() => one.ask('b'), 1);
    expect([breaker.state('a'), breaker.state('b')]).toEqual(['open', 'closed']);
    breaker.reset('a');
    expect(breaker.state('a')).toBe('closed');
  });

  it('DI-02 is another one for each runtime', async () => {
    const Bank = bank();
    const [one, two] = [new Bank(), new Bank()];
    const apps = await Promise.all([one, two].map((instance) => redress({ store: memoryStore(), instances: [instance], worker: false })));
    try {
      await ends(() => one.charge(true), 2);
      expect(apps.map((app) => breakerOf(Bank, 'charge', app).state())).toEqual(['open', 'closed']);
      expect(() => breakerOf(Bank, 'charge')).toThrow(expect.objectContaining({ code: 'CONFIG_AMBIGUOUS_RUNTIME' }));
    } finally {
      await Promise.all(apps.map((app) => app.stop()));
    }
  });

  it('is refused of what has none', async () => {
    class Plain {
      async call(): Promise<void> {}
    }
    expect(() => breakerOf(Plain, 'call')).toThrow(/Plain\.call: It has no circuit breaker/);
    const Bank = bank();
    const app = await redress({ store: memoryStore(), classes: [Bank], configuration: { 'CircuitBreaker/enabled': false }, worker: false });
    expect(() => breakerOf(Bank, 'charge', app)).toThrow(/Bank\.charge: It has no circuit breaker/);
    await app.stop();
  });
});
