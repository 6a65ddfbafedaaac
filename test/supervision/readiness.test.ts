import { circuitBreaker, createEnvironment, createSupervisor, service } from '@redress/core';
import type { Call, ChildSpec } from '@redress/core';
import { describe, expect, it } from 'vitest';

describe('a child whose dependency is away', () => {
  /** A service that asks another one through a breaker, which opens at the second failure. */
  async function shop(readiness: ChildSpec['readiness']) {
    const environment = createEnvironment();
    const names: string[] = [];
    environment.events.on('*', ({ name }) => names.push(name));
    const breaker = circuitBreaker({ requestVolumeThreshold: 2, delay: 50 });
    let away = false;
    const call: Call = { operation: 'Bank.ask', args: [], signal: undefined, attempt: 1 };
    const ask = (): Promise<unknown> => breaker(call, async () => { if (away) throw new Error('away'); }).catch(() => {}); // prettier-ignore
    const supervisor = createSupervisor({
      name: 'shop',
      environment,
      children: [
        {
          id: 'orders',
          start: service(() => ({ ping: () => true, ready: async () => (await ask(), breaker.state() === 'closed') })),
          health: { periodMs: 10, failureThreshold: 1 },
          ...(readiness === undefined ? {} : { readiness }),
        },
      ],
    });
    await supervisor.start();
    const open = async (): Promise<void> => {
      away = true;
      for (let i = 0; i < 4; i++) await ask();
      expect(breaker.state()).toBe('open');
    };
    const child = () => supervisor.children()[0];
    return { supervisor, names, open, mend: () => void (away = false), child };
  }

  it('FD-06: lives on while the breaker is open, is not ready, and is ready again when it is closed', async () => {
    const { supervisor, names, open, mend, child } = await shop({ periodMs: 10, failureThreshold: 2 });
    await expect.poll(() => child()?.ready).toBe(true);
    await open();
    await expect.poll(() => child()?.ready).toBe(false);
    expect(child()).toMatchObject({ state: 'running', generation: 1 });
    mend();
    await expect.poll(() => child()?.ready, { timeout: 10_000 }).toBe(true);
    await supervisor.stop();
    expect(names).toEqual([
      ...['child.started', 'supervisor.started', 'child.ready', 'child.unready', 'child.ready', 'child.stopped', 'supervisor.stopped'],
    ]);
  });

  it('FD-06: is ready all the same where it says so', async () => {
    const { supervisor, names, open, child } = await shop(false);
    await open();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(child()).toMatchObject({ state: 'running', generation: 1, ready: true });
    await supervisor.stop();
    expect(names).toEqual(['child.started', 'supervisor.started', 'child.stopped', 'supervisor.stopped']);
  });
});
