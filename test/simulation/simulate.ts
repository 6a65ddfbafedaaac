import { RedressError } from '@redress/core';
import type { Store } from '@redress/core';
import { Chance } from './chance.js';
import { Cluster } from './cluster.js';
import type { Process } from './cluster.js';
import type { History, SimRecord } from './history.js';
import { Operators } from './operators.js';
import type { OperatedWorld } from './operators.js';
import { Outside } from './outside.js';
import { CHILD_NAMES, OPERATIONS, plainPlan, randomPlan } from './plan.js';
import type { Plan, Traits } from './plan.js';
import { CHILD_PREFIX, SAGA } from './sagas.js';
import { Timeline } from './timeline.js';
import type { Life } from './timeline.js';
import { Trouble } from './trouble.js';

const ENDS: ReadonlySet<string> = new Set(['completed', 'compensated', 'mixed']);
/** Longer than any back-off of the engine; a run that has not ended by then never will. */
const LIMIT_MS = 1_200_000;

interface Input {
  readonly id: string;
  /** What tells it from another input for the same id. */
  readonly name: string;
  readonly plan: Plan;
  /** After so many milliseconds it shall go back. */
  readonly deadline?: number;
}

/** What worlds are made of grows; a seed of an earlier era goes on to mean what it meant. */
export const ERA = 3;

/** One world, made of one number: processes, runs and faults. The same number makes the same history. */
export async function simulate(seed: number, era = ERA): Promise<History> {
  return new World(seed, era).live();
}

class World implements OperatedWorld {
  readonly records: SimRecord[] = [];
  readonly timeline: Timeline;
  readonly outside: Outside;
  readonly calm: boolean;
  readonly inputs: Input[] = [];
  /** Runs that have not ended. */
  readonly open = new Set<string>();
  /** Runs that are steps of others. */
  readonly children: string[] = [];
  private readonly chance: Chance;
  private readonly cluster: Cluster;
  private readonly trouble: Trouble;
  private readonly operators: Operators;
  private readonly waiting = new Map<number, Life>();
  private readonly sequential = new Map<string, number>();
  private readonly faultsUntil: number;
  private callers = 0;
  /** Started by a caller and not answered yet, or asked for later. */
  private toCome = 0;
  /** Records that were looked at. */
  private seen = 0;

  constructor(
    private readonly seed: number,
    readonly era: number,
  ) {
    const chance = (this.chance = new Chance(seed));
    const record = (one: SimRecord): void => void this.records.push(one);
    this.timeline = new Timeline(chance.is(0.5));
    this.outside = new Outside(this.timeline, record);
    this.calm = chance.is(0.2);
    this.faultsUntil = this.calm ? 500 : chance.whole(1_000, 8_000);
    this.cluster = new Cluster(this, chance);
    this.plan();
    this.trouble = new Trouble(this.cluster, this.timeline, record, chance.fork(2), era);
    if (!this.calm) this.trouble.plan(this.faultsUntil);
    this.operators = new Operators(this, chance.fork(3));
    if (era >= 2) this.operators.plan(this.faultsUntil);
  }

  get processes(): readonly Process[] {
    return this.cluster.processes;
  }

  get viewer(): Store {
    return this.cluster.viewer;
  }

  async live(): Promise<History> {
    const { timeline, cluster } = this;
    await timeline.run(() => this.look(), this.faultsUntil);
    this.trouble.heal();
    this.askAgain();
    // In the order of their names, as the store lists them.
    const open = [...this.open].toSorted();
    this.open.clear();
    for (const run of open) this.open.add(run);
    if (this.era >= 2) this.operators.begin();
    const over = (): boolean => this.toCome === 0 && cluster.net.commits === 0 && this.answered() && this.open.size === 0;
    const ended = await timeline.run(() => this.look() || over(), LIMIT_MS);
    await timeline.run(() => this.outside.underWay === 0, 10_000);
    const stopped = await cluster.stop();
    const totals = Object.entries(OPERATIONS).flatMap(([name, traits]: [string, Traits]) => (traits.total ? [name] : []));
    return {
      ...{ seed: this.seed, records: this.records, clockJumped: this.trouble.clockJumped, calm: this.calm },
      ended: ended && stopped,
      effects: new Map([...this.outside.effects].map(([key, { op }]) => [key, op])),
      total: new Set([...totals, ...CHILD_NAMES.map((name) => `${CHILD_PREFIX}${name}`)]),
      sequential: this.sequential,
      graceMs: cluster.graceMs,
      waiting: new Set(this.waiting.keys()),
    };
  }

  /** Which runs there are, and which have ended, is written in the records. */
  private look(): false {
    for (; this.seen < this.records.length; this.seen++) {
      const one = this.records[this.seen] as SimRecord;
      if (one.kind !== 'commit') continue;
      if (one.created || one.entries.some(({ type }) => type === 'saga.compensating')) this.open.add(one.run);
      if (one.created && !one.run.startsWith(`${SAGA}/`)) this.children.push(one.run);
      if (this.isOver(one.status)) this.open.delete(one.run);
    }
    return false;
  }

  /** Which runs are started, when, and where. Some are started twice, some with another input. */
  private plan(): void {
    const { chance } = this;
    const runs = chance.whole(1, 4);
    for (let i = 0; i < runs; i++) {
      const id = `r${i + 1}`;
      const own = chance.fork(10 + i);
      const plain = this.calm && own.is(0.3) ? plainPlan(own) : undefined;
      const input = { id, name: 'first', plan: plain?.plan ?? randomPlan(own, this.era), ...(plain ? {} : this.deadline(own)) };
      if (plain) this.sequential.set(`${SAGA}/${id}`, plain.steps + 1);
      this.inputs.push(input);
      const times = own.weighted({ 1: 6, 2: 3, 3: 1 });
      const at = own.whole(0, this.faultsUntil * 0.7);
      for (let n = 0; n < Number(times); n++) {
        const other =
          n > 0 && !plain && own.is(0.3) ? { id, name: `other ${n}`, plan: randomPlan(own, this.era), ...this.deadline(own) } : input;
        const when = at + (own.is(0.5) ? own.whole(0, 5) : own.whole(0, 2_000));
        this.later(when, () => {
          const process = own.pick(this.processes);
          if (process.life.state !== 'dead') this.start(process, other);
        });
      }
    }
  }

  /** From era 3 on some runs have one: while they are young, in their midst, or when they are done. */
  private deadline(chance: Chance): { readonly deadline?: number } {
    if (this.era < 3 || !chance.is(0.35)) return {};
    return { deadline: chance.pick([chance.whole(0, 100), chance.whole(50, 800), chance.whole(500, 3_000), chance.whole(2_000, 15_000)]) };
  }

  private later(ms: number, fn: () => void): void {
    this.toCome += 1;
    this.timeline.after(ms, () => {
      this.toCome -= 1;
      fn();
    });
  }

  private start(process: Process, input: Input): void {
    const { id, name, plan, deadline } = input;
    const { life, runtime, definitions } = process;
    const options = deadline === undefined ? {} : { deadline };
    this.call(life, id, input, () => runtime.run(definitions.saga, [id, name, plan], options));
  }

  /** Somebody who has not learned the outcome asks for it when all is well. */
  private askAgain(): void {
    for (const input of this.inputs) {
      const process = this.chance.pick(this.processes);
      this.later(this.chance.whole(0, 500), () => {
        const { life, runtime, definitions } = process;
        if (this.chance.is(0.5)) this.call(life, input.id, undefined, () => runtime.handle(definitions.saga, input.id).outcome());
        else this.start(process, input);
      });
    }
  }

  private call(life: Life, id: string, input: Input | undefined, ask: () => Promise<unknown>): void {
    const caller = ++this.callers;
    const given = input && { input: input.name, ...(input.deadline === undefined ? {} : { deadline: input.deadline }) };
    const facts = { by: life.name, run: `${SAGA}/${id}`, caller, ...given };
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
}
