import { createEventBus, createRuntime, RedressError } from '@redress/core';
import type { Runtime, RuntimeOptions, Store, Timer } from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import { Chance } from './chance.js';
import type { History, SimRecord } from './history.js';
import { CALM, Connection } from './network.js';
import type { Net, Weather } from './network.js';
import { Operators } from './operators.js';
import type { OperatedWorld } from './operators.js';
import { Outside } from './outside.js';
import { OPERATIONS, plainPlan, randomPlan } from './plan.js';
import type { Plan, Traits } from './plan.js';
import { definitionsOf, SAGA } from './sagas.js';
import type { Definitions } from './sagas.js';
import { Life, Timeline } from './timeline.js';

const ENDS: ReadonlySet<string> = new Set(['completed', 'compensated', 'mixed']);
/** Longer than any back-off of the engine; a run that has not ended by then never will. */
const LIMIT_MS = 1_200_000;

/** A process of the simulated world: it lives several lives, one after the other. */
interface Process {
  readonly name: string;
  readonly options: Omit<RuntimeOptions, 'store' | 'environment'>;
  readonly chance: Chance;
  lives: number;
  life: Life;
  runtime: Runtime;
  definitions: Definitions;
}

interface Input {
  readonly id: string;
  /** What tells it from another input for the same id. */
  readonly name: string;
  readonly plan: Plan;
}

/** What worlds are made of grows; a seed of an earlier era goes on to mean what it meant. */
export const ERA = 2;

/** One world, made of one number: processes, runs and faults. The same number makes the same history. */
export async function simulate(seed: number, era = ERA): Promise<History> {
  return new World(seed, era).live();
}

class World implements OperatedWorld {
  readonly records: SimRecord[] = [];
  private readonly chance: Chance;
  readonly timeline: Timeline;
  readonly outside: Outside;
  private readonly database = createMemoryDatabase();
  private readonly net: Net;
  readonly processes: Process[] = [];
  private readonly waiting = new Map<number, Life>();
  readonly inputs: Input[] = [];
  private readonly sequential = new Map<string, number>();
  private readonly calm: boolean;
  private readonly faultsUntil: number;
  private readonly graceMs = new Map<string, number>();
  /** Runs that have not ended. */
  readonly open = new Set<string>();
  private readonly operators: Operators;
  private callers = 0;
  /** Its skew is how far the store's clock has jumped. */
  private readonly storeClock: Life;
  private high = 0;
  private clockJumped = false;
  /** Started by a caller and not answered yet, or asked for later. */
  private toCome = 0;
  readonly viewer: Store;

  constructor(
    private readonly seed: number,
    private readonly era: number,
  ) {
    this.chance = new Chance(seed);
    const record = (one: SimRecord): void => void this.records.push(one);
    this.timeline = new Timeline(this.chance.is(0.5));
    this.outside = new Outside(this.timeline, record);
    this.storeClock = new Life('store', this.timeline);
    this.viewer = memoryStore({ shared: this.database, clock: this.storeTime, random: this.chance.fork(1).forEngine });
    this.calm = this.chance.is(0.2);
    this.faultsUntil = this.calm ? 500 : this.chance.whole(1_000, 8_000);
    this.net = {
      ...{ timeline: this.timeline, weather: this.calm ? CALM : weatherOf(this.chance), down: false, commits: 0, owners: new Map() },
      ...{ record, storeNow: () => this.high },
    };
    const common = { lease: this.chance.pick([500, 1_000, 2_000]), flush: this.chance.pick([0, 5, 20]) };
    const processes = this.chance.whole(2, 4);
    for (let i = 0; i < processes; i++) this.processes.push(this.create(`p${i + 1}`, common));
    this.plan();
    if (!this.calm) this.trouble();
    this.operators = new Operators(this, this.chance.fork(3));
    if (era >= 2) this.operators.plan(this.faultsUntil);
  }

  async live(): Promise<History> {
    const { timeline } = this;
    await timeline.run(() => false, this.faultsUntil);
    this.heal();
    this.askAgain();
    if (this.era >= 2) this.operators.settle();
    const heads = await this.viewer.scan({ kind: 'saga', limit: 1_000 });
    for (const { id, status } of heads.heads) if (!this.isOver(status)) this.open.add(id);
    const over = (): boolean => this.toCome === 0 && this.net.commits === 0 && this.answered() && this.open.size === 0;
    // Which runs have ended is written in the records: a commit without an owner and without a wake.
    let seen = 0;
    const ended = await timeline.run(() => {
      for (; seen < this.records.length; seen++) {
        const one = this.records[seen] as SimRecord;
        if (one.kind !== 'commit') continue;
        if (one.created) this.open.add(one.run);
        if (this.isOver(one.status)) this.open.delete(one.run);
      }
      return over();
    }, LIMIT_MS);
    await timeline.run(() => this.outside.underWay === 0, 10_000);
    const stopped = await this.stop();
    return {
      ...{ seed: this.seed, records: this.records, clockJumped: this.clockJumped, calm: this.calm },
      ended: ended && stopped,
      effects: new Map([...this.outside.effects].map(([key, { op }]) => [key, op])),
      total: new Set(Object.entries(OPERATIONS).flatMap(([name, traits]: [string, Traits]) => (traits.total ? [name] : []))),
      sequential: this.sequential,
      graceMs: this.graceMs,
      waiting: new Set(this.waiting.keys()),
    };
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
  private birth(process: Process): void {
    process.lives += 1;
    const life = new Life(`${process.name}.${process.lives}`, this.timeline);
    this.graceMs.set(life.name, process.options.grace as number);
    life.skewMs = process.chance.whole(-5_000, 5_000);
    const random = process.chance.fork(process.lives).forEngine;
    const inner = memoryStore({ shared: this.database, clock: this.storeTime, random });
    const { store } = new Connection(this.net, life, process.chance.fork(1_000 + process.lives), inner);
    const events = createEventBus();
    events.on('*', ({ name, saga, id, step }) => {
      const t = this.timeline.now;
      const what = step === undefined ? {} : { step };
      if (id !== undefined) this.records.push({ kind: 'event', t, by: life.name, run: `${saga ?? ''}/${id}`, name, ...what });
    });
    const definitions = definitionsOf(life, this.outside);
    const { saga, steps } = definitions;
    const environment = { clock: life, random, events };
    const runtime = createRuntime({ ...process.options, store, sagas: [saga], steps, environment });
    Object.assign(process, { life, definitions, runtime });
  }

  /** The store's time as the store takes it: it never goes back. */
  private readonly storeTime = {
    now: (): number => (this.high = Math.max(this.high, this.storeClock.now())),
    monotonic: (): number => this.storeClock.monotonic(),
    setTimer: (ms: number, fn: () => void): Timer => this.storeClock.setTimer(ms, fn),
    nextTurn: (fn: () => void): void => this.storeClock.nextTurn(fn),
  };

  /** Which runs are started, when, and where. Some are started twice, some with another input. */
  private plan(): void {
    const { chance } = this;
    const runs = chance.whole(1, 4);
    for (let i = 0; i < runs; i++) {
      const id = `r${i + 1}`;
      const own = chance.fork(10 + i);
      const plain = this.calm && own.is(0.3) ? plainPlan(own) : undefined;
      const input = { id, name: 'first', plan: plain?.plan ?? randomPlan(own, this.era) };
      if (plain) this.sequential.set(`${SAGA}/${id}`, plain.steps + 1);
      this.inputs.push(input);
      const times = own.weighted({ 1: 6, 2: 3, 3: 1 });
      const at = own.whole(0, this.faultsUntil * 0.7);
      for (let n = 0; n < Number(times); n++) {
        const other = n > 0 && !plain && own.is(0.3) ? { id, name: `other ${n}`, plan: randomPlan(own, this.era) } : input;
        const when = at + (own.is(0.5) ? own.whole(0, 5) : own.whole(0, 2_000));
        this.later(when, () => this.start(own.pick(this.processes), other));
      }
    }
  }

  private later(ms: number, fn: () => void): void {
    this.toCome += 1;
    this.timeline.after(ms, () => {
      this.toCome -= 1;
      fn();
    });
  }

  private start(process: Process, { id, name, plan }: Input): void {
    if (process.life.state === 'dead') return;
    const { life, runtime, definitions } = process;
    this.call(life, id, name, () => runtime.run(definitions.saga, [id, name, plan]));
  }

  /** Somebody who has not learned the outcome asks for it when all is well. */
  private askAgain(): void {
    for (const { id, name, plan } of this.inputs) {
      const process = this.chance.pick(this.processes);
      this.later(this.chance.whole(0, 500), () => {
        const { life, runtime, definitions } = process;
        if (this.chance.is(0.5)) this.call(life, id, undefined, () => runtime.handle(definitions.saga, id).outcome());
        else this.call(life, id, name, () => runtime.run(definitions.saga, [id, name, plan]));
      });
    }
  }

  private call(life: Life, id: string, input: string | undefined, ask: () => Promise<unknown>): void {
    const caller = ++this.callers;
    const facts = { by: life.name, run: `${SAGA}/${id}`, caller, ...(input === undefined ? {} : { input }) };
    this.records.push({ kind: 'call', t: this.timeline.now, ...facts });
    this.waiting.set(caller, life);
    const answer = (told: string, value: string): void => {
      this.waiting.delete(caller);
      this.records.push({ kind: 'answer', t: this.timeline.now, ...facts, answer: told, value });
    };
    ask().then(
      (value) => answer('completed', JSON.stringify(value)),
      (error: unknown) => answer(RedressError.is(error) ? error.code : 'ERROR', (error as Error).message),
    );
  }

  /** From era 2 on somebody looks after what is stuck. */
  private isOver(status: string): boolean {
    return ENDS.has(status) || (this.era < 2 && status === 'stuck');
  }

  /** Everybody whose process lives has been answered. */
  private answered(): boolean {
    for (const [caller, life] of this.waiting) {
      if (life.state === 'dead') this.waiting.delete(caller);
      else return false;
    }
    return true;
  }

  /** What is done to processes, to the store and to its clock, and when. */
  private trouble(): void {
    const chance = this.chance.fork(2);
    const events = chance.whole(1, 8);
    for (let i = 0; i < events; i++) {
      const at = chance.whole(0, this.faultsUntil);
      const process = chance.pick(this.processes);
      const what = chance.weighted({ kill: 4, pause: 4, stop: 1.5, down: 1.5, jump: 0.7, skew: 0.5, calm: 0.5, storm: 0.5 });
      const ms = chance.pick([chance.whole(1, 100), chance.whole(100, 1_500), chance.whole(1_000, 5_000)]);
      const coin = chance.is(0.5);
      this.timeline.after(at, () => this.strike(what, process, ms, coin, chance));
    }
  }

  private strike(what: string, process: Process, ms: number, coin: boolean, chance: Chance): void {
    const { timeline, net } = this;
    const { life } = process;
    this.records.push({ kind: 'fault', t: timeline.now, what, by: life.name, ms });
    switch (what) {
      case 'kill':
        if (life.state === 'dead') return;
        life.kill();
        return timeline.after(ms, () => process.life.state === 'dead' && this.birth(process));
      case 'pause':
        life.pause();
        return timeline.after(ms, () => life.resume(coin));
      case 'stop':
        if (life.state !== 'up') return;
        return void process.runtime.stop().then(() => {
          life.kill();
          timeline.after(ms, () => process.life === life && this.birth(process));
        });
      case 'down':
        net.down = true;
        return timeline.after(ms, () => void (net.down = false));
      case 'jump':
        this.clockJumped = true;
        this.storeClock.skewMs += coin ? ms : -ms;
        return;
      case 'skew':
        life.skewMs += coin ? ms : -ms;
        return;
      default:
        net.weather = what === 'calm' ? CALM : weatherOf(chance);
    }
  }

  /** Faults stop: the network is well, and every process lives. */
  private heal(): void {
    this.net.weather = CALM;
    this.net.down = false;
    this.records.push({ kind: 'fault', t: this.timeline.now, what: 'all is well' });
    for (const process of this.processes) {
      process.life.resume(true);
      if (process.life.state === 'dead') this.birth(process);
    }
  }

  /** A runtime can be stopped in the end, whatever it has been through. */
  private async stop(): Promise<boolean> {
    let left = this.processes.length;
    for (const { runtime } of this.processes) void runtime.stop().then(() => (left -= 1));
    return this.timeline.run(() => left === 0, 60_000);
  }
}

function weatherOf(chance: Chance): Weather {
  const share = (): number => chance.pick([0, 0, 0.02, 0.08, 0.2]);
  return { lostRequest: share(), lostAnswer: share(), duplicate: share(), slowRequest: share(), slowAnswer: share() };
}
