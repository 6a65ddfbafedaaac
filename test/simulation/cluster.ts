import { createEventBus, createRuntime } from '@redress/core';
import type { Runtime, RuntimeOptions, Store, Timer } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import type { Chance } from './chance.js';
import type { SimRecord } from './history.js';
import { CALM, Connection, weatherOf } from './network.js';
import type { Net } from './network.js';
import type { Outside } from './outside.js';
import { definitionsOf } from './sagas.js';
import type { Definitions } from './sagas.js';
import { Life } from './timeline.js';
import type { Timeline } from './timeline.js';

/** A process of the simulated world: it lives several lives, one after the other. */
export interface Process {
  readonly name: string;
  readonly options: Omit<RuntimeOptions, 'store' | 'environment'>;
  readonly chance: Chance;
  lives: number;
  life: Life;
  runtime: Runtime;
  definitions: Definitions;
}

/** What processes need of their world. */
export interface ClusterWorld {
  readonly era: number;
  readonly calm: boolean;
  readonly timeline: Timeline;
  readonly outside: Outside;
  readonly records: SimRecord[];
}

/** The processes of one world, the database that they share, and the network between. */
export class Cluster {
  readonly processes: Process[] = [];
  readonly net: Net;
  /** Sees the store as it is. */
  readonly viewer: Store;
  /** How long each life waits for running bodies before it undoes. */
  readonly graceMs = new Map<string, number>();
  /** Its skew is how far the store's clock has jumped. */
  readonly storeClock: Life;
  private readonly database = createMemoryDatabase();
  private high = 0;

  constructor(
    private readonly world: ClusterWorld,
    private readonly chance: Chance,
  ) {
    const { timeline, records, calm } = world;
    this.storeClock = new Life('store', timeline);
    this.viewer = memoryStore({ shared: this.database, clock: this.storeTime, random: chance.fork(1).forEngine });
    this.net = {
      ...{ timeline, weather: calm ? CALM : weatherOf(chance), down: false, commits: 0, owners: new Map() },
      ...{ record: (one) => void records.push(one), storeNow: () => this.high },
    };
    const common = { lease: chance.pick([500, 1_000, 2_000]), flush: chance.pick([0, 5, 20]) };
    const processes = chance.whole(2, 4);
    for (let i = 0; i < processes; i++) this.processes.push(this.create(`p${i + 1}`, common));
  }

  private create(name: string, common: object): Process {
    const { chance } = this;
    const options = {
      ...common,
      poll: chance.pick([50, 200, 400]),
      grace: chance.pick([50, 300, 3_000]),
      drain: chance.pick([0, 100, 1_000]),
      ...(chance.is(0.2) ? { maxConcurrentRuns: chance.whole(1, 2) } : {}),
    };
    const own = chance.fork(100 + this.processes.length);
    const process = { name, options, chance: own, lives: 0 } as unknown as Process;
    this.birth(process);
    return process;
  }

  /** A process begins, or begins anew: nothing but the store is left of its life before. */
  birth(process: Process): void {
    const { timeline, records, outside, era } = this.world;
    process.lives += 1;
    const life = new Life(`${process.name}.${process.lives}`, timeline);
    this.graceMs.set(life.name, process.options.grace as number);
    life.skewMs = process.chance.whole(-5_000, 5_000);
    const random = process.chance.fork(process.lives).forEngine;
    const inner = memoryStore({ shared: this.database, clock: this.storeTime, random });
    const { store } = new Connection(this.net, life, process.chance.fork(1_000 + process.lives), inner);
    const events = createEventBus();
    events.on('*', ({ name, saga, id, step }) => {
      const what = step === undefined ? {} : { step };
      if (id !== undefined) records.push({ kind: 'event', t: timeline.now, by: life.name, run: `${saga ?? ''}/${id}`, name, ...what });
    });
    const definitions = definitionsOf(life, outside, era);
    const { sagas, steps } = definitions;
    const environment = { clock: life, random, events };
    const runtime = createRuntime({ ...process.options, store, sagas, steps, environment });
    Object.assign(process, { life, definitions, runtime });
  }

  /** The store's time as the store takes it: it never goes back. */
  private readonly storeTime = {
    now: (): number => (this.high = Math.max(this.high, this.storeClock.now())),
    monotonic: (): number => this.storeClock.monotonic(),
    setTimer: (ms: number, fn: () => void): Timer => this.storeClock.setTimer(ms, fn),
    nextTurn: (fn: () => void): void => this.storeClock.nextTurn(fn),
  };

  /** A runtime can be stopped in the end, whatever it has been through. */
  async stop(): Promise<boolean> {
    let left = this.processes.length;
    for (const { runtime } of this.processes) void runtime.stop().then(() => (left -= 1));
    return this.world.timeline.run(() => left === 0, 60_000);
  }
}
