import { createCodec, decodeRecord, SagaVerbError } from '@redress/core';
import type { Head, Loaded, NewEntry, Runtime, RunView, Store } from '@redress/core';
import { Life, Outside } from './property-outside.js';
import { perform, possibleIn } from './property-people.js';
import { performed, VERBS } from './property-plan.js';
import type { Act, Help, Performed, Plan, Verb } from './property-plan.js';
import { definitions, ID, SAGA } from './property-saga.js';
import { World } from './support.js';

/** A commit that was applied, or a claim. */
export interface Written {
  readonly what: 'commit' | 'claim';
  readonly by: string;
  readonly entries: readonly NewEntry[];
  readonly head: Head;
}

/** A verb, and the run as whoever judged it last found it. */
export interface Tried {
  readonly verb: Verb;
  readonly step: string;
  readonly found: Loaded | undefined;
  /** What came of it: undefined when it was done. */
  readonly error: unknown;
  /** Commits that were applied on its account. */
  readonly applied: number;
  /** Verbs that a copy of the run would have taken; of a refused one only. */
  readonly possible: readonly string[];
}

/** A history that was lived through. */
export interface Lived {
  readonly plan: Plan;
  readonly steps: readonly Performed[];
  readonly outside: Outside;
  readonly written: readonly Written[];
  readonly tried: readonly Tried[];
  readonly loaded: Loaded;
  readonly view: RunView;
  /** The run could not be helped: its body fails behind its pivot. */
  readonly givenUp: boolean;
}

const STREAM = `${SAGA}/${ID}`;
const LEASE_MS = 1_000;
const MOST_RINGS = 3_000;
const TRIES_WITHOUT_A_STEP = 2;
const CODECS = [createCodec()];

/** Lives through a plan. @throws Error when the run does not come to an end. */
export async function live(plan: Plan): Promise<Lived> {
  const history = new HistoryOf(plan);
  await history.act();
  await history.settle();
  return history.told();
}

class HistoryOf {
  private readonly world = new World();
  private readonly outside = new Outside(this.world.clock);
  private readonly steps: readonly (readonly Performed[])[];
  private readonly lives: Life[] = [];
  private readonly written: Written[] = [];
  private readonly tried: Tried[] = [];
  private readonly office: Runtime;
  /** What each version of the run would take. */
  private readonly possible = new Map<number, Promise<readonly string[]>>();
  private found: Loaded | undefined;
  private applied = 0;
  private head: Head | undefined;
  /** Each extension asks for more than the one before. */
  private days = 365;
  private commits = 0;
  private rings = 0;
  private helped = 0;
  private inVain = 0;
  private givenUp = false;

  constructor(private readonly plan: Plan) {
    this.steps = performed(plan);
    this.office = this.world.process({ worker: false }, (store) => this.watched(store)).runtime;
  }

  /** The start, and what people and machines do while the run is under way. */
  async act(): Promise<void> {
    const { clock } = this.world;
    const starts = this.plan.acts.some(({ at }) => at === 0) ? 1 : 0;
    for (const act of this.plan.acts.slice(0, starts)) await this.perform(act);
    this.boot();
    for (const act of this.plan.acts.slice(starts)) {
      while ((clock.nextAt ?? Infinity) <= act.at) await this.ring();
      await clock.advance(Math.max(act.at - clock.monotonic(), 0));
      await this.perform(act);
    }
  }

  /** From now on the run is helped, until it has ended and nothing is under way any more. */
  async settle(): Promise<void> {
    const { clock } = this.world;
    while (!this.isOver() || this.outside.underWay > 0) {
      if (!this.isOver()) await this.help();
      await this.ring();
    }
    await clock.advance(LEASE_MS);
    // All verbs come too late, or just in time.
    for (const verb of VERBS) if (!this.givenUp) await this.try(verb, '1');
  }

  async told(): Promise<Lived> {
    const { plan, outside, written, tried, givenUp } = this;
    const loaded = (await this.world.store.load(STREAM)) as Loaded;
    const view = await this.office.admin.show(SAGA, ID);
    return { plan, steps: this.steps.flat(), outside, written, tried, loaded, view, givenUp };
  }

  /** Lets time pass until something is due. @throws Error when that leads nowhere. */
  private async ring(): Promise<void> {
    const goesOn = await this.world.clock.ring();
    if (!goesOn || ++this.rings > MOST_RINGS) throw new Error(`The run does not end: ${JSON.stringify(this.head)}`);
  }

  private isOver(): boolean {
    return this.givenUp || ['completed', 'compensated', 'mixed'].includes(this.head?.status ?? '');
  }

  private async perform(act: Act): Promise<void> {
    const life = this.lives.find(({ dead }) => !dead);
    if (act.what === 'boot') return this.boot();
    if (act.what === 'kill') return void (life && this.outside.kill(life));
    if (act.what !== 'pause') {
      const step = String(act.step + 1);
      // By the process that has the run, perhaps, or by another one.
      if (life && act.at % 2 === 0) return void perform(life.process.runtime, act.what, step, 'bob', ++this.days).catch(() => {});
      return this.try(act.what, step);
    }
    if (life && !life.paused) this.pause(life);
  }

  /** For longer than its lease. */
  private pause(life: Life): void {
    life.paused = true;
    life.process.pause();
    this.world.clock.setTimer(LEASE_MS * 1.5, () => {
      life.paused = false;
      // What a dead process has asked stays without an answer.
      if (!life.dead) life.process.resume();
    });
  }

  private boot(): void {
    const name = `p${this.lives.length + 1}`;
    const { saga, steps } = definitions(this.plan, this.steps, this.outside, () => life);
    const options = { sagas: [saga], steps, lease: LEASE_MS, poll: 500, grace: 1_000 };
    const life = new Life(
      name,
      this.world.process(options, (store) => this.mortal(store, () => life)),
    );
    this.lives.push(life);
    if (this.head) return;
    const { deadlineMs } = this.plan;
    life.process.runtime.run(saga, [], deadlineMs === undefined ? {} : { deadline: deadlineMs }).catch(() => {});
  }

  /** Somebody looks after a run that cannot go on by itself. */
  private async help(): Promise<void> {
    if (this.lives.every(({ dead }) => dead)) return this.boot();
    if (!this.head) return;
    const { held, stuckFrom } = metaOf(this.head);
    if (held) return this.try('release', '1');
    if (this.head.status !== 'stuck') return;
    const found = (await this.world.store.load(STREAM)) as Loaded;
    const { n } = decodeRecord(CODECS, found.entries.findLast(({ type }) => type === 'saga.stuck')?.data ?? '') as { n: number };
    if (n === 0 && ++this.inVain > TRIES_WITHOUT_A_STEP) return void (this.givenUp = true);
    await this.try(n === 0 ? 'retry' : this.nextHelp(stuckFrom), String(n));
  }

  private nextHelp(stuckFrom: string | undefined): Help {
    const [last, other]: readonly [Help, Help] = stuckFrom === 'running' ? ['completeStep', 'refuseStep'] : ['markCompensated', 'waive'];
    const wish = this.plan.helps[this.helped++];
    return wish === 'retry' || wish === other ? wish : last;
  }

  private async try(verb: Verb, step: string): Promise<void> {
    this.found = undefined;
    this.applied = 0;
    let error: unknown;
    await perform(this.office, verb, step, 'ann', ++this.days).catch((thrown: unknown) => (error = thrown));
    const { found, applied } = this;
    const possible = error instanceof SagaVerbError && found ? await this.possibleIn(found) : [];
    this.tried.push({ verb, step, found, error, applied, possible });
  }

  private possibleIn(found: Loaded): Promise<readonly string[]> {
    const { version } = found.head;
    const known = this.possible.get(version) ?? possibleIn(found);
    this.possible.set(version, known);
    return known;
  }

  private watched(store: Store): Partial<Store> {
    return {
      load: async (...args) => (this.found = await store.load(...args)),
      commit: async (change) => {
        const done = await store.commit(change);
        if (done.applied) this.applied += 1;
        this.note('commit', 'office', done.applied ? [done.head] : [], change.entries);
        return done;
      },
    };
  }

  private mortal(store: Store, lifeOf: () => Life): Partial<Store> {
    return {
      claim: async (claim) => this.note('claim', lifeOf().name, await store.claim(claim)),
      commit: async (change) => {
        const life = lifeOf();
        const nth = ++this.commits;
        const death = this.plan.deaths.find(({ commit }) => commit === nth);
        if (death?.after === false) return this.outside.kill(life);
        const done = await store.commit(change);
        this.note('commit', life.name, done.applied ? [done.head] : [], change.entries);
        return death ? this.outside.kill(life) : done;
      },
    };
  }

  private note(what: Written['what'], by: string, heads: readonly Head[], entries: readonly NewEntry[] = []): readonly Head[] {
    for (const head of heads) {
      this.written.push({ what, by, entries, head });
      this.head = head;
    }
    return heads;
  }
}

/** What stands beside the status. */
export function metaOf(head: Head): {
  readonly held?: true;
  readonly pivot?: string;
  readonly stuckFrom?: string;
  readonly deadlineAt?: number;
  readonly cause?: unknown;
} {
  return head.meta === '' ? {} : (JSON.parse(String(head.meta)) as ReturnType<typeof metaOf>);
}
