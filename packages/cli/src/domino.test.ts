import { independentProcess, sleep, systemClock } from '@redress/core';
import type { IndependentProcess } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDesk } from './world.fixture.js';
import type { Desk } from './world.fixture.js';

describe('domino, on the worked example of three accounts', () => {
  let desk: Desk;
  // A process that stops takes a checkpoint: the graph is that of living ones.
  let close: () => Promise<void>;
  beforeAll(async () => {
    desk = openDesk();
    const store = sqliteStore(desk.file);
    const members = ['P1', 'P2', 'P3'];
    const balances: Record<string, number> = { P1: 100, P2: 0, P3: 0 };
    const open = (id: string): Promise<IndependentProcess> => {
      const account = {
        id,
        capture: () => String(balances[id]),
        restore: (state: unknown) => void (balances[id] = Number(state)),
      };
      const receive = ({ data }: { readonly data: unknown }): void => void (balances[id] = (balances[id] ?? 0) + Number(data));
      return independentProcess({ store, group: 'bank', members, process: account, receive, every: 'never', forced: 'none', poll: 5 });
    };
    const [one, two, three] = (await Promise.all(members.map(open))) as [IndependentProcess, IndependentProcess, IndependentProcess];
    const pay = (from: IndependentProcess, id: string, to: string, amount: number): Promise<unknown> =>
      from.run((send) => {
        balances[id] = (balances[id] ?? 0) - amount;
        send(to, String(amount));
      });
    const until = async (id: string, amount: number): Promise<void> => {
      while (balances[id] !== amount) await sleep(systemClock, 5);
    };
    await one.checkpoint();
    await pay(one, 'P1', 'P2', 40);
    await until('P2', 40);
    await two.checkpoint();
    await pay(two, 'P2', 'P3', 25);
    await until('P3', 25);
    await three.checkpoint();
    close = async () => {
      for (const process of [one, two, three]) await process.stop();
      await store.close();
    };
  });
  afterAll(async () => {
    await close();
    desk[Symbol.dispose]();
  });

  it('says for each what it would take with it', async () => {
    const { code, out } = await desk.tell('domino');
    expect(code).toBe(0);
    const rows = out.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows.slice(1, 4).map(([process, back, start]) => [process, back, start])).toEqual([
      ['P1', '3 of 3', '2'],
      ['P2', '2 of 3', '1'],
      ['P3', '1 of 3', '0'],
    ]);
  });

  it('shows the chain of a failure, as text, as pictures and for programs', async () => {
    expect((await desk.tell('domino bank --failed P1')).out).toMatch(/P3[^]*2/);
    expect((await desk.tell('domino --failed P1 --format mermaid')).out).toMatch(/^flowchart/);
    expect((await desk.tell('domino --failed P1 P2 --format dot')).out).toMatch(/^digraph/);
    const { out } = await desk.tell('domino --failed P1 --json');
    expect(JSON.parse(out)).toMatchObject({ schema: 'redress/domino@1', line: { P1: 1, P2: 0, P3: 0 }, backToStart: 2, maxHops: 2 });
  });

  it('refuses groups and processes that are not there', async () => {
    expect(await desk.tell('domino nobody')).toMatchObject({ code: 1, err: 'There is no group nobody in the store.\n' });
    expect(await desk.tell('domino --failed P9')).toMatchObject({ code: 2, err: '--failed P9: there are P1, P2, P3.\n' });
    expect((await desk.tell('domino --format svg')).code).toBe(2);
  });
});

describe('advise', () => {
  const desk = openDesk();
  afterAll(() => desk[Symbol.dispose]());

  it('recommends by options, with the reasons', async () => {
    const { code, out } = await desk.tell('advise --irreversible-outputs --visible-steps');
    expect(code).toBe(0);
    expect(out).toMatch(/^✔ outbox .*\n✔ compensation .*\n✔ saga .*\n\n– retry /);
    expect((await desk.tell('advise --exchanges-messages --deterministic --json')).out).toMatch(/"use":\[\{"technique":"message-log"/);
  });

  it('asks what matters, and nothing else', async () => {
    const asked: string[] = [];
    const ask = (question: string): Promise<string> => {
      asked.push(question);
      return Promise.resolve(question.startsWith('Do several processes') ? 'y' : '');
    };
    const { out } = await desk.tell('advise', { canAsk: true, ask });
    expect(out).toMatch(/^✔ independent-bcs /);
    expect(asked.some((question) => question.includes('survive'))).toBe(false);
    expect(asked.some((question) => question.includes('same again'))).toBe(true);
    expect(await desk.tell('advise')).toMatchObject({ code: 2, err: expect.stringContaining('nobody to ask') as string });
  });
});
