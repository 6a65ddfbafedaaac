import type { Store } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { VirtualClock } from '@redress/testkit';
import { Dependency, node } from './node.js';
import type { Node, NodeOptions } from './node.js';

export const INTERVAL_MS = 1000;
export const DELAY_MS = 5000;
export const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;

/** Nodes with one database, on one virtual clock. */
export class Cluster {
  readonly clock = new VirtualClock();
  readonly dependency = new Dependency();
  /** Nodes that were killed: their store never answers them again. */
  readonly dead = new Set<string>();
  private readonly database = createMemoryDatabase();

  connect(): Store {
    return memoryStore({ clock: this.clock, shared: this.database });
  }

  open(name: string, more: Partial<NodeOptions> = {}): Node {
    const { clock, dependency } = this;
    const shared = { interval: INTERVAL_MS, ...more.shared };
    const breaker = { delay: DELAY_MS, ...more.breaker };
    return node({ name, store: this.mortal(name, this.connect()), dependency, clock, ...more, shared, breaker });
  }

  five(more: Partial<NodeOptions> = {}): Node[] {
    return NAMES.map((name) => this.open(name, more));
  }

  /** Every node calls twice in each interval, for so long. Answers how the last calls ended. */
  async traffic(nodes: readonly Node[], ms: number): Promise<string[]> {
    let last: string[] = [];
    for (let passed = 0; passed < ms; passed += INTERVAL_MS / 2) {
      const calls = Promise.all(nodes.map((one) => one.call()));
      await this.clock.advance(INTERVAL_MS / 2);
      last = await calls;
    }
    return last;
  }

  /** The same, and nobody waits for the answers. */
  async hopelessTraffic(nodes: readonly Node[], ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += INTERVAL_MS / 2) {
      for (const one of nodes) void one.call();
      await this.clock.advance(INTERVAL_MS / 2);
    }
  }

  states(nodes: readonly Node[]): string[] {
    return nodes.map(({ breaker }) => breaker.state());
  }

  /** Opens the circuits of these nodes by their own calls; then all is well again. */
  async fail(nodes: readonly Node[]): Promise<void> {
    for (const { name } of nodes) this.dependency.downFor.add(name);
    for (const one of nodes) await one.calls(2);
    for (const { name } of nodes) this.dependency.downFor.delete(name);
  }

  private mortal(name: string, store: Store): Store {
    const ask = <T>(fn: () => Promise<T>): Promise<T> => (this.dead.has(name) ? new Promise(() => {}) : fn());
    return Object.assign(Object.create(store) as Store, {
      load: (...args: Parameters<Store['load']>) => ask(() => store.load(...args)),
      commit: (...args: Parameters<Store['commit']>) => ask(() => store.commit(...args)),
    });
  }
}

export const at = (nodes: readonly Node[], ...places: number[]): Node[] => places.map((i) => nodes[i] as Node);
