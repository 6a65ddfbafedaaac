import { circuitBreaker, guard, redundant } from '@redress/core';
import { expect, it } from 'vitest';

it('VT-38 a replica whose own circuit is open is blank at once, and the others decide', async () => {
  const asked: string[] = [];
  const replica = (name: string, answer: () => Promise<number>) => {
    const breaker = circuitBreaker({ requestVolumeThreshold: 1, delay: '1h' });
    const body = (): Promise<number> => (asked.push(name), answer());
    return { name, answer: guard(body, breaker), breaker };
  };
  const all = [replica('one', async () => 7), replica('two', () => Promise.reject(new Error('down'))), replica('three', async () => 7)];
  const weigh = redundant(all.map(({ name, answer }) => ({ name, answer: () => answer() })));
  await weigh();
  expect(all.map(({ breaker }) => breaker.state())).toEqual(['closed', 'open', 'closed']);
  asked.length = 0;
  const { value, ballots } = await weigh.vote([]);
  expect([value, asked]).toEqual([7, ['one', 'three']]);
  expect(ballots[1]).toMatchObject({ error: { code: 'CIRCUIT_OPEN' } });
});
