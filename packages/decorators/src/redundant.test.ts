import 'reflect-metadata';
import { ConfigurationError, NoConsensusError } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { container as root } from 'tsyringe';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Compensate, Redundant, Retry, Saga, Step, quarantineOf, redress, step } from './index.js';
import type { App, RedressOptions, Undo } from './index.js';

const apps: App[] = [];
const open = async (options: Partial<RedressOptions>): Promise<App> => {
  const app = await redress({ store: memoryStore(), worker: false, ...options });
  apps.push(app);
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));
const rejection = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

class Flaky {
  said: readonly unknown[] = [];
  asked = 0;

  private next(): unknown {
    return this.said[this.asked++];
  }

  @Redundant()
  async three(): Promise<unknown> {
    return this.next();
  }

  @Redundant(5)
  async five(): Promise<unknown> {
    return this.next();
  }

  @Retry({ maxRetries: 1, delay: 0 })
  @Redundant({ replicas: 3, stragglers: 'await' })
  async again(): Promise<unknown> {
    return this.next();
  }

  @Redundant({ replicas: 3, stragglers: 'await' })
  @Retry({ maxRetries: 1, delay: 0 })
  async againTheOtherWayRound(): Promise<unknown> {
    return this.next();
  }

  @Retry({ maxRetries: 1, delay: 0 })
  async outer(): Promise<unknown> {
    return this.again();
  }

  @Redundant({ replicas: 3, project: (answer: { readonly n: number }) => answer.n, vote: 'unanimous' })
  async keys(): Promise<{ readonly n: number; readonly key: string }> {
    return { n: 1, key: step().key };
  }
}

class Berlin {
  rate = 3;
  async quote(currency: string): Promise<string> {
    return `${currency} ${this.rate}`;
  }
}
class Tokyo extends Berlin {}
class Lima extends Berlin {}

class ByTokens {
  @Redundant({ replicas: [Berlin, Tokyo, 'lima'], stragglers: 'await' })
  async quote(_currency: string): Promise<string> {
    return 'nobody asks me';
  }
}

class Peer {
  peers: Peer[] = [];
  constructor(readonly rate: number) {}

  @Redundant({ replicas: (self: Peer) => [self, ...self.peers] })
  async quote(currency: string): Promise<string> {
    return `${currency} ${this.rate}`;
  }
}

describe('@Redundant', () => {
  it('asks the method itself three times, or as often as it says, without a runtime', async () => {
    const flaky = new Flaky();
    flaky.said = [7, 9, 7, 5, 5, 5, 1, 2];
    expect([await flaky.three(), await flaky.five(), flaky.asked]).toEqual([7, 5, 8]);
    flaky.said = [1, 2, 3];
    flaky.asked = 0;
    const error = await rejection(flaky.three());
    expect(error).toBeInstanceOf(NoConsensusError);
    expect((error as Error).message).toContain('Flaky.three: the 3 replicas came to no answer');
  });

  it('VT-37 is repeated as a whole by @Retry, whatever the order of the two', async () => {
    for (const method of ['again', 'againTheOtherWayRound'] as const) {
      const flaky = new Flaky();
      flaky.said = [1, 2, 3, 4, 4, 5];
      expect([await flaky[method](), flaky.asked]).toEqual([4, 6]);
    }
  });

  it('votes as well where an outer call owns the repetitions', async () => {
    const flaky = new Flaky();
    flaky.said = [1, 2, 3, 4, 4, 5];
    expect([await flaky.outer(), flaky.asked]).toEqual([4, 6]);
    flaky.said = Array.from({ length: 99 }, (_, i) => i);
    flaky.asked = 0;
    await rejection(flaky.outer());
    // Two calls of the inner one, and not four.
    expect(flaky.asked).toBe(6);
  });

  it('gives one key to all copies', async () => {
    const { key } = await new Flaky().keys();
    expect(key).toMatch(/^[\w-]{22}$/);
  });

  it('asks what the container holds under tokens', async () => {
    const container = root.createChildContainer();
    container.registerSingleton(Tokyo);
    container.registerInstance('lima', new Lima());
    await open({ container, classes: [ByTokens] });
    const rates = container.resolve(ByTokens);
    expect(await rates.quote('EUR')).toBe('EUR 3');
    container.resolve(Tokyo).rate = 9;
    const told: unknown[] = [];
    apps[0]!.runtime.environment.events.on('vote.decided', ({ step: operation, details }) => told.push({ operation, ...details }));
    expect(await rates.quote('EUR')).toBe('EUR 3');
    expect(told).toMatchObject([{ operation: 'ByTokens.quote', dissent: ['Tokyo'], winner: 'Berlin', replicas: 3 }]);
  });

  it('says what to do when there is no container', async () => {
    const error = (await rejection(new ByTokens().quote('EUR'))) as NoConsensusError;
    expect(error.errors).toMatchObject([{ code: 'CONFIG_NO_INSTANCE' }, {}, {}]);
    expect((error.errors[0] as Error).message).toMatch(/no container to find the replica Berlin in\. Call redress/);
  });

  it('asks objects, each for its own body', async () => {
    const [one, two, three] = [new Peer(3), new Peer(4), new Peer(3)];
    one.peers = [two, three];
    expect(await one.quote('EUR')).toBe('EUR 3');
    two.peers = [new Peer(1)];
    expect(await rejection(two.quote('EUR'))).toMatchObject({ code: 'NO_CONSENSUS', reason: 'disagreement' });
  });

  it('in a saga tells the undo of what the winner’s answer does not settle', async () => {
    const undone: boolean[] = [];
    class Stock {
      n = 0;
      @Compensate((self: Stock) => self.release)
      @Redundant({ replicas: 3, stragglers: 'await' })
      async reserve(): Promise<number> {
        return (this.n += 1) === 2 ? 9 : 7;
      }
      async release(undo: Undo<Stock, 'reserve'>): Promise<void> {
        undone.push(undo.alsoUnknown);
      }
    }
    class Orders {
      constructor(readonly stock: Stock) {}
      @Saga({ id: () => 'o' })
      async place(): Promise<void> {
        await this.stock.reserve();
        throw new Error('back');
      }
    }
    const stock = new Stock();
    const orders = new Orders(stock);
    await open({ instances: [stock, orders] });
    // Not waited for: what is also unknown is undone a second time, later.
    void rejection(orders.place());
    await vi.waitFor(() => expect(undone).toEqual([true]));
    expect(stock.n).toBe(3);
  });
});

class Watched {
  @Redundant({ replicas: [Berlin, Tokyo, 'lima'], stragglers: 'await', quarantineAfter: 2 })
  async quote(_currency: string): Promise<string> {
    return 'nobody asks me';
  }
}

class WatchedPeer extends Peer {
  @Redundant({ replicas: (self: WatchedPeer) => [self, ...self.peers], stragglers: 'await', quarantineAfter: 1 })
  override async quote(currency: string): Promise<string> {
    return `${currency} ${this.rate}`;
  }
}

describe('@Redundant with quarantineAfter', () => {
  const withContainer = async () => {
    const container = root.createChildContainer();
    container.registerSingleton(Tokyo);
    container.registerInstance('lima', new Lima());
    await open({ container, classes: [Watched] });
    container.resolve(Tokyo).rate = 9;
    return container;
  };

  it('keeps a replica out for all objects of a class, until it is released', async () => {
    const container = await withContainer();
    const [one, other] = [container.resolve(Watched), container.resolve(Watched)];
    expect([await one.quote('EUR'), await other.quote('EUR')]).toEqual(['EUR 3', 'EUR 3']);
    expect(quarantineOf(one, 'quote').quarantined).toEqual(['Tokyo']);
    const asked = vi.spyOn(container.resolve(Tokyo), 'quote');
    await other.quote('EUR');
    expect(asked).not.toHaveBeenCalled();
    expect([quarantineOf(other, 'quote').release('Tokyo'), quarantineOf(one, 'quote').release('Tokyo')]).toEqual([true, false]);
    await one.quote('EUR');
    expect(asked).toHaveBeenCalledTimes(1);
    expect(() => quarantineOf(one, 'quote').release('Paris')).toThrow(/It has no replica "Paris"\. There are "Berlin", "Tokyo", "lima"/);
  });

  it('two containers share nothing', async () => {
    const [one, two] = [await withContainer(), await withContainer()].map((container) => container.resolve(Watched)) as [Watched, Watched];
    await one.quote('EUR');
    await one.quote('EUR');
    expect([quarantineOf(one, 'quote').quarantined, quarantineOf(two, 'quote').quarantined]).toEqual([['Tokyo'], []]);
  });

  it('what a function answers belongs to its object', async () => {
    const [one, two] = [new WatchedPeer(3), new WatchedPeer(3)];
    for (const self of [one, two]) self.peers = [new WatchedPeer(4), new WatchedPeer(3)];
    await one.quote('EUR');
    expect(quarantineOf(one, 'quote').quarantined).toEqual(['WatchedPeer']);
    expect(quarantineOf(two, 'quote').quarantined).toEqual([]);
  });

  it('is refused where no replica is somebody', () => {
    expect(() => {
      class Rates {
        @Redundant({ replicas: 3, quarantineAfter: 2 })
        async get(): Promise<number> {
          return 1;
        }
      }
      return Rates;
    }).toThrow(/Rates\.get, @Redundant, quarantineAfter: Copies of one call are nobody/);
    expect(() => quarantineOf(new Flaky(), 'three')).toThrow(/Flaky\.three: It has no replicas/);
    expect(() => quarantineOf(new Flaky(), 'said')).toThrow(ConfigurationError);
  });
});

describe('@Redundant is refused', () => {
  it('at definition, when an option does not fit', () => {
    const at = (options: Parameters<typeof Redundant>[0]) => () => {
      class Rates {
        @Redundant(options)
        async get(): Promise<number> {
          return 1;
        }
      }
      return Rates;
    };
    expect(at({ replicas: 3, quorum: 1 })).toThrow(/Rates\.get, @Redundant, quorum: 1 of 3 is not more than a half/);
    expect(at({ replicas: ['a', 'b'], vote: 'weighted', weights: [1] })).toThrow(/one for each of the 2 replicas/);
    expect(at(0)).toThrow(/There is none/);
    expect(at({ tolerance: -1 })).toThrow(ConfigurationError);
  });

  it('at a saga, twice, and at a step that must not be repeated', async () => {
    class Wrong {
      @Saga()
      @Redundant()
      async saga(): Promise<void> {}
      @Step({ readOnly: true })
      @Redundant(3)
      @Redundant(5)
      async twice(): Promise<void> {}
      @Step({ irreversible: 'a letter', repeatable: false })
      @Redundant(3)
      async letter(): Promise<void> {}
    }
    const error = (await rejection(open({ instances: [new Wrong()] }))) as ConfigurationError;
    expect(error.problems.map(({ subject, cause }) => `${subject}: ${cause}`)).toEqual([
      'Wrong.saga: @Saga stands with @Redundant(); a saga is no step, and its body is not repeated as one call.',
      'Wrong.twice: It has @Redundant(5) and @Redundant(3).',
      'Wrong.letter: It says repeatable: false, and @Redundant(3) asks several replicas at once.',
    ]);
  });
});
