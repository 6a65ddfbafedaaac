import 'reflect-metadata';
import type { ChildContext } from '@redress/core';
import { container as root, inject, injectable, singleton } from 'tsyringe';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChildUnavailableError, supervise, Supervised } from './index.js';

const facts: string[] = [];

@singleton()
class Settings {
  readonly url = 'db://here';
}

@Supervised({ shutdownMs: 1_000 })
@injectable()
class Pool {
  static made = 0;
  readonly n = (Pool.made += 1);
  constructor(@inject(Settings) readonly settings: Settings) {}
  async start(context: ChildContext): Promise<void> {
    this.fail = context.fail;
    facts.push(`start pool ${this.n}`);
  }
  fail: ChildContext['fail'] = () => {};
  stop(): void {
    facts.push(`stop pool ${this.n}`);
  }
  dispose(): void {
    facts.push(`dispose pool ${this.n}`);
  }
}

@Supervised({ restart: 'transient' })
@injectable()
class Worker {
  crash!: (error: Error) => void;
  run({ signal }: ChildContext): Promise<void> {
    facts.push('run worker');
    return new Promise((resolve, reject) => {
      this.crash = reject;
      signal.addEventListener('abort', () => resolve());
    });
  }
}

describe('@Supervised', () => {
  beforeEach(() => {
    facts.length = 0;
    Pool.made = 0;
  });

  it('DI-03: a restart makes a fresh object, disposes of the old one once, and hands out the new one', async () => {
    const container = root.createChildContainer();
    await using shop = await supervise({ name: 'shop', strategy: 'rest-for-one', classes: [Pool, Worker], container });
    const first = shop.of(Pool);
    expect([first.n, first.settings]).toEqual([1, container.resolve(Settings)]);
    first.fail(new Error('the connection is gone'));
    await expect.poll(() => shop.children().every(({ generation, state }) => generation === 2 && state === 'running')).toBe(true);
    expect(shop.of(Pool)).not.toBe(first);
    expect(shop.of(Pool).settings).toBe(first.settings);
    expect(facts).toEqual(['start pool 1', 'run worker', 'stop pool 1', 'dispose pool 1', 'start pool 2', 'run worker']);
    await shop.stop();
    expect(facts.slice(6)).toEqual(['stop pool 2', 'dispose pool 2']);
  });

  it('says that a child is unavailable before anything of it is touched', async () => {
    const shop = await supervise({ name: 'shop', classes: [Worker], container: root });
    expect(shop.of(Worker)).toBeInstanceOf(Worker);
    await shop.stop();
    const ask = async (): Promise<object> => shop.of(Worker);
    await expect(ask()).rejects.toBeInstanceOf(ChildUnavailableError);
    await expect(ask()).rejects.toMatchObject({ code: 'CHILD_UNAVAILABLE', retryable: true });
  });

  it('is unavailable in the pause before a restart', async () => {
    const shop = await supervise({ name: 'shop', classes: [Worker], backoff: { minMs: 60_000 } });
    shop.of(Worker).crash(new Error('crash'));
    await expect.poll(() => shop.children()[0]?.state).toBe('waiting');
    expect(() => shop.of(Worker)).toThrow('is not there now');
    await shop.stop();
  });

  it('DI-03: a start that comes too late is not handed out, and its object is disposed of once', async () => {
    const starts: (() => void)[] = [];
    let made = 0;
    @Supervised({ startMs: 50, shutdownMs: 20 })
    @injectable()
    class Slow {
      readonly n = (made += 1);
      async start({ generation }: ChildContext): Promise<void> {
        if (generation === 2) await new Promise<void>((resolve) => starts.push(resolve));
      }
      fail!: ChildContext['fail'];
      run({ fail, signal }: ChildContext): Promise<void> {
        this.fail = fail;
        return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      }
      dispose(): void {
        facts.push(`dispose slow ${this.n}`);
      }
    }
    await using shop = await supervise({ name: 'shop', intensity: 9, classes: [Slow], container: root });
    shop.of(Slow).fail(new Error('once'));
    // The second life does not come in time, and the third one takes its place.
    await expect.poll(() => shop.children()[0]).toMatchObject({ generation: 3, state: 'running' });
    expect(shop.of(Slow).n).toBe(3);
    starts[0]?.();
    await expect.poll(() => facts).toContain('dispose slow 2');
    expect(shop.of(Slow).n).toBe(3);
    await shop.stop();
    expect(facts).toEqual(['dispose slow 1', 'dispose slow 2', 'dispose slow 3']);
  });

  it('hands out no object that says that it is not ready', async () => {
    let ready = false;
    @Supervised({ readiness: { periodMs: 5, failureThreshold: 1 } })
    class Cache {
      ready(): boolean {
        return ready;
      }
    }
    await using shop = await supervise({ name: 'shop', classes: [Cache] });
    expect(() => shop.of(Cache)).toThrow('Cache is not there now: it lives, and says that it is not ready.');
    ready = true;
    await expect.poll(() => shop.children()[0]?.ready).toBe(true);
    expect(shop.of(Cache)).toBeInstanceOf(Cache);
    ready = false;
    await expect.poll(() => shop.children()[0]?.ready).toBe(false);
    expect(() => shop.of(Cache)).toThrow(ChildUnavailableError);
    expect(shop.children()).toMatchObject([{ generation: 1, state: 'running' }]);
  });

  it('works without a container, and is inherited under the name of the class', async () => {
    class Special extends Worker {}
    await using shop = await supervise({ name: 'shop', classes: [Worker, Special] });
    expect(shop.children().map(({ id }) => id)).toEqual(['Worker', 'Special']);
    expect(shop.of(Special)).toBeInstanceOf(Special);
  });

  it('disposes of an object that could not be started', async () => {
    @Supervised()
    @injectable()
    class Broken {
      start(): void {
        throw new Error('no disk');
      }
      dispose(): void {
        facts.push('dispose broken');
      }
    }
    await expect(supervise({ name: 'shop', classes: [Broken], container: root })).rejects.toThrow('no disk');
    expect(facts).toEqual(['dispose broken']);
  });

  it('names classes without the mark, and options that do not fit', async () => {
    class Plain {}
    @Supervised({ shutdownMs: -1 })
    class Wrong {}
    await expect(supervise({ name: 'shop', classes: [Plain] })).rejects.toThrow('Plain: It has no @Supervised');
    await expect(supervise({ name: 'shop', classes: [Wrong] })).rejects.toThrow(/child Wrong, shutdownMs/);
    await using shop = await supervise({ name: 'shop', classes: [Worker] });
    expect(() => shop.of(Plain)).toThrow('no child of "shop"');
    expect(() => (Supervised() as (target: object) => void)({})).toThrow('does not stand at a class');
  });
});
