import { Partition, partitionOf } from './layout.js';
import type { Script } from './lua.js';
import type { Argument, Reply, Wire } from './wire.js';

export type Sort = readonly [kind: string, name: string, status: string];

/** One namespace: its partitions, the way to them, and the latest moment that was seen there. */
export class Space {
  readonly partitions: readonly Partition[];
  readonly wire: Wire;
  #floor = 0;

  constructor(wire: Wire, namespace: string, partitions: number) {
    this.wire = wire;
    this.partitions = Array.from({ length: partitions }, (_, number) => new Partition(namespace, number));
  }

  partition(id: string): Partition {
    return this.partitions[partitionOf(id, this.partitions.length)] as Partition;
  }

  /** Partitions that one script may ask: all of them on one node, each by itself in a cluster. */
  groups(): readonly (readonly Partition[])[] {
    return this.wire.isCluster ? this.partitions.map((partition) => [partition]) : [this.partitions];
  }

  run(script: Script, partition: Partition | undefined, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.wire.run(script, partition?.number ?? 0, keys, args);
  }

  /** What was ever used in each partition: kind, name and status, as they are stored. */
  sorts(): Promise<readonly { readonly partition: Partition; readonly sorts: readonly Sort[] }[]> {
    return Promise.all(
      this.partitions.map(async (partition) => {
        const fields = (await this.wire.call(partition.number, 'hkeys', partition.record)) as readonly Buffer[];
        const sorts = fields.map((field) => field.toString()).filter((field) => field.includes('\0'));
        return { partition, sorts: sorts.map((field) => field.slice(1).split('\0') as unknown as Sort) };
      }),
    );
  }

  /** The latest moment seen, in milliseconds: no script of this process answers an earlier one. */
  get floor(): number {
    return this.#floor;
  }

  /** Takes note of a moment, as text of a script or a number. */
  saw(moment: Reply | undefined): number {
    const at = typeof moment === 'number' ? moment : Number((moment as Buffer).toString());
    this.#floor = Math.max(this.#floor, at);
    return at;
  }
}

/** Items by what they belong to, in the order of their first. */
export function grouped<Item, Group>(items: readonly Item[], groupOf: (item: Item) => Group): Map<Group, Item[]> {
  const groups = new Map<Group, Item[]>();
  for (const item of items) {
    const group = groupOf(item);
    const there = groups.get(group);
    if (there) there.push(item);
    else groups.set(group, [item]);
  }
  return groups;
}
