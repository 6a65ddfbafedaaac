import { ChildFencedError, createEnvironment, createSupervisor, fenceOf, task } from '@redress/core';
import type { ChildContext, Store } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('the fence of a child', () => {
  let store: Store;
  beforeEach(() => (store = memoryStore()));
  afterEach(() => store.close());

  /** A child whose every life stays in sight of the test. */
  async function supervised() {
    const lives: ChildContext[] = [];
    const supervisor = createSupervisor({
      name: 'bank',
      store,
      intensity: 10,
      children: [
        {
          id: 'teller',
          shutdownMs: 0,
          start: task((context) => {
            lives.push(context);
            // It cannot be killed and does not listen: it is abandoned, and comes back.
            return new Promise(() => {});
          }),
        },
      ],
    });
    await supervisor.start();
    const restart = async (): Promise<void> => {
      lives.at(-1)?.fail(new Error('no answer'));
      await expect.poll(() => supervisor.children()[0]?.state === 'running' && lives.length).toBe(lives.length + 1);
    };
    return { supervisor, lives, restart };
  }

  const keys = async (): Promise<string[]> => ((await store.load('supervised/bank/teller'))?.entries ?? []).map(({ key }) => key);

  it('SV-13: what a life writes that was taken for dead and comes back is refused, and it is told to end', async () => {
    const { supervisor, lives, restart } = await supervised();
    const [first] = lives;
    await first?.fence?.write('one', 'by the first');
    const names: string[] = [];
    first?.environment.events.on('*', ({ name }) => names.push(name));
    await restart();
    expect(first?.signal.aborted).toBe(true);
    await lives[1]?.fence?.write('two', 'by the second');
    await expect(first?.fence?.write('three', 'by a zombie')).rejects.toMatchObject({ code: 'CHILD_FENCED' });
    await expect(first?.fence?.write('two', 'by the second', 'child.wrote')).rejects.toBeInstanceOf(ChildFencedError);
    expect([await first?.fence?.holds(), await lives[1]?.fence?.holds()]).toEqual([false, true]);
    first?.beat();
    expect(names).toContain('child.fenced');
    expect(await keys()).toEqual(['first-life', 'one', 'two']);
    await supervisor.stop();
  });

  it('begins a life also while the one before it writes without a pause', async () => {
    const { supervisor, lives, restart } = await supervised();
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (const verb of ['load', 'commit', 'claim'] as const) {
      const ask = store[verb].bind(store) as (...args: unknown[]) => Promise<never>;
      // Each exchange takes its time, so that there is always a write between two of somebody else's.
      store[verb] = async (...args: unknown[]) => (await turn(), ask(...args));
    }
    let written = 0;
    const write = async (): Promise<unknown> => {
      for (; written < 5_000; written++) {
        const error: unknown = await lives[0]?.fence?.write(`w${written}`, 'again').catch((reason: unknown) => reason);
        if (error !== undefined) return error;
      }
      return 'never refused';
    };
    const end = write();
    await turn();
    await restart();
    expect(await end).toMatchObject({ code: 'CHILD_FENCED' });
    expect(supervisor.children()).toMatchObject([{ generation: 2, state: 'running' }]);
    await supervisor.stop();
  }, 10_000);

  it('gives each life a greater number, for those who remember the highest', async () => {
    const { supervisor, lives, restart } = await supervised();
    await restart();
    await lives[1]?.fence?.write('x', '1');
    await restart();
    const versions = lives.map(({ fence }) => fence?.token.version ?? 0);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
    await supervisor.stop();
  });

  it('works from a token that was sent to another process', async () => {
    const { supervisor, lives, restart } = await supervised();
    const sent = fenceOf(store, JSON.parse(JSON.stringify(lives[0]?.fence?.token)) as never);
    await sent.write('one', '1');
    await restart();
    await expect(sent.write('two', '2')).rejects.toMatchObject({ code: 'CHILD_FENCED' });
    await supervisor.stop();
  });

  it('writes of one life that are begun at once do not fence each other', async () => {
    const { supervisor, lives } = await supervised();
    await Promise.all(['a', 'b', 'c'].map(async (key) => lives[0]?.fence?.write(key, key)));
    expect(await keys()).toEqual(['first-life', 'a', 'b', 'c']);
    await supervisor.stop();
  });

  it('a write whose answer was lost can be repeated, and leaves the next one free', async () => {
    const { supervisor, lives } = await supervised();
    const commit = store.commit.bind(store);
    let losing = true;
    store.commit = async (change) => {
      const answer = await commit(change);
      if (losing) throw new Error('the answer was lost');
      return answer;
    };
    const fence = lives[0]?.fence;
    await expect(fence?.write('a', '1')).rejects.toThrow('lost');
    await expect(fence?.write('b', '1')).rejects.toThrow('lost');
    losing = false;
    await fence?.write('a', '1');
    await fence?.write('c', '1');
    expect(await keys()).toEqual(['first-life', 'a', 'b', 'c']);
    await expect(fence?.write('c', 'something else')).rejects.toMatchObject({ code: 'STORE_CONFLICT' });
    await supervisor.stop();
  });

  it('two supervisors of one name, in two processes: who began last writes', async () => {
    const one = await supervised();
    const two = await supervised();
    await expect(one.lives[0]?.fence?.write('a', '1')).rejects.toMatchObject({ code: 'CHILD_FENCED' });
    await two.lives[0]?.fence?.write('a', '1');
    await Promise.all([one.supervisor.stop(), two.supervisor.stop()]);
  });

  it('without the store nothing is begun, and that is one failure of the child', async () => {
    const { supervisor, restart, lives } = await supervised();
    const load = store.load.bind(store);
    let down = 2;
    store.load = async (...args) => {
      if (down-- > 0) throw new Error('the store is away');
      return load(...args);
    };
    await restart();
    expect(supervisor.children()[0]?.generation).toBe(4);
    expect(lives).toHaveLength(2);
    await supervisor.stop();
  });
});

it('there is none without a store', async () => {
  let seen: ChildContext | undefined;
  const start = task((context) => void (seen = context));
  const supervisor = createSupervisor({
    name: 'x',
    environment: createEnvironment(),
    children: [{ id: 'a', start, restart: 'temporary' }],
  });
  await supervisor.start();
  await supervisor.stop();
  expect(seen && 'fence' in seen).toBe(false);
});
