import { EventEmitter } from 'node:events';
import type { Cluster } from 'ioredis';
import { expect, it } from 'vitest';
import { Lines } from './lines.js';

class Connection extends EventEmitter {
  readonly #answers: boolean;
  constructor(answers: boolean) {
    super();
    this.#answers = answers;
  }
  connect = async (): Promise<void> => {};
  disconnect = (): void => {};
  ssubscribe = (): Promise<void> => (this.#answers ? Promise.resolve() : new Promise(() => {}));
  sunsubscribe = async (): Promise<void> => {};
}

/** A cluster in which all slots lie on the first node, or on the second one, which does not answer. */
class TwoNodes extends EventEmitter {
  readonly isCluster = true;
  readonly status = 'ready';
  readonly options = {};
  slots: readonly (readonly string[])[] = Array.from({ length: 16_384 }, () => ['a:1']);
  nodes = (): readonly object[] => [
    { options: { host: 'a', port: 1 }, duplicate: () => new Connection(true) },
    { options: { host: 'b', port: 2 }, duplicate: () => new Connection(false) },
  ];
  refreshSlotsCache = (): void => {};
  move(): void {
    this.slots = this.slots.map(() => ['b:2']);
    this.emit('refresh');
  }
}

it('those who listen are told when their channels have gone to a node that is not heard yet', async () => {
  const cluster = new TwoNodes();
  const told: string[] = [];
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
  const lines: Lines = new Lines(cluster as unknown as Cluster, true, 1_000, {
    message: () => {},
    changed: (channels) => void told.push(...channels.map((channel) => `${channel} ${lines.hears(channel)}`)),
  });
  lines.want('x');
  await turn();
  expect(told).toEqual(['x true']);
  cluster.move();
  await turn();
  expect(told).toEqual(['x true', 'x false']);
  lines.close();
});
