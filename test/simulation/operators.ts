import { createCodec, decodeRecord, RedressError } from '@redress/core';
import type { Entry, Runtime, Store } from '@redress/core';
import type { Chance } from './chance.js';
import type { SimRecord } from './history.js';
import type { Outside } from './outside.js';
import { SIGNALS } from './plan.js';
import { CHILD_PREFIX, SAGA } from './sagas.js';
import type { Life, Timeline } from './timeline.js';

/** What operators need of the world. */
export interface OperatedWorld {
  readonly era: number;
  readonly timeline: Timeline;
  readonly outside: Outside;
  readonly records: SimRecord[];
  /** Runs that have not ended, and are not given up. */
  readonly open: Set<string>;
  /** Runs that are steps of others. */
  readonly children: readonly string[];
  readonly inputs: readonly { readonly id: string }[];
  readonly processes: readonly { readonly life: Life; readonly runtime: Runtime }[];
  /** Sees the store as it is. */
  readonly viewer: Store;
}

const AUDIT = { who: 'somebody', why: 'it was time' };
const ROUND_MS = 700;
const RETRIES = 5;
const CODECS = [createCodec()];

/** Those who send signals, cancel, hold and release, and look after what is stuck. */
export class Operators {
  private readonly retried = new Map<string, number>();
  /** Runs that only new code can help, and those that wait for one of them. */
  private readonly givenUp = new Set<string>();
  private readonly orphaned = new Set<string>();

  constructor(
    private readonly world: OperatedWorld,
    private readonly chance: Chance,
  ) {}

  /** What is done to runs while there is trouble. */
  plan(untilMs: number): void {
    const { chance } = this;
    for (let left = chance.whole(0, 10); left > 0; left--) {
      const { id } = chance.pick(this.world.inputs);
      const what = chance.weighted({ signal: 6, cancel: 1.5, hold: 1, release: 1 });
      this.world.timeline.after(chance.whole(0, untilMs), () => this.act(what, id));
    }
  }

  /** When all is well: what is held is released, what is stuck is resolved, who waits for a signal gets one. */
  begin(): void {
    this.world.timeline.after(ROUND_MS, () => {
      for (const stream of this.world.open) void this.lookAfter(stream);
      this.begin();
    });
  }

  private act(what: 'signal' | 'cancel' | 'hold' | 'release', given: string): void {
    const { chance } = this;
    const { life, runtime } = chance.pick(this.world.processes);
    if (life.state === 'dead') return;
    const { era, children } = this.world;
    const stream = era >= 3 && children.length > 0 && chance.is(0.4) ? chance.pick(children) : `${SAGA}/${given}`;
    const [saga, id] = namesOf(stream);
    const told = (verb: Promise<void>): void => this.tell(life, `${what} ${id}`, verb);
    if (what === 'signal') {
      const [name, key] = [chance.pick(SIGNALS), chance.is(0.5) ? `k${chance.whole(1, 3)}` : undefined];
      return told(runtime.signal(saga, id, name, `${name}!`, key === undefined ? {} : { key: `${name}-${key}` }));
    }
    return told(runtime.admin[what](saga, id, AUDIT));
  }

  private async lookAfter(stream: string): Promise<void> {
    const { world } = this;
    const loaded = await world.viewer.load(stream);
    const process = world.processes.find(({ life }) => life.state === 'up');
    if (!loaded || !process) return;
    const { life, runtime } = process;
    const [saga, id] = namesOf(stream);
    const { status, meta } = loaded.head;
    const { held, stuckFrom } = (meta === '' ? {} : JSON.parse(meta as string)) as { held?: boolean; stuckFrom?: string };
    if (held) return this.tell(life, `release ${id}`, runtime.admin.release(saga, id, AUDIT));
    if (status === 'stuck') return this.help(stream, loaded.entries, stuckFrom, life, runtime);
    if (status !== 'running') return;
    for (const name of SIGNALS) this.tell(life, `signal ${id}`, runtime.signal(saga, id, name, `${name}!`));
    if (this.orphaned.has(stream)) this.tell(life, `cancel ${id}`, runtime.admin.cancel(saga, id, AUDIT));
  }

  /** Somebody looks at a run that is stuck: he tries again, and then settles what it is stuck on. */
  private async help(
    stream: string,
    entries: readonly Entry[],
    stuckFrom: string | undefined,
    life: Life,
    { admin }: Runtime,
  ): Promise<void> {
    const { chance, world } = this;
    const [saga, id] = namesOf(stream);
    const last = entries.findLast(({ type }) => type === 'saga.stuck');
    const { n } = decodeRecord(CODECS, last?.data ?? '') as { n: number };
    const times = (this.retried.get(stream) ?? 0) + 1;
    this.retried.set(stream, times);
    // No step to settle: the body itself fails, behind its pivot. Somebody tries again, and leaves it to new code.
    if (n === 0 && times > RETRIES) return this.giveUp(stream);
    const retry = (): void => this.tell(life, `retry ${id}`, admin.retry(saga, id, AUDIT));
    if (n === 0 || times <= 1) return retry();
    const step = String(n);
    const intent = entries.find((entry) => entry.key === `step:${step}`);
    const { key, operation, pivot } = decodeRecord(CODECS, intent?.data ?? '') as { key: string; operation: string; pivot?: true };
    if (stuckFrom === 'running') {
      if (world.era >= 3 && pivot && !world.outside.settled(key))
        return this.tell(life, `refuse ${id} ${step}`, admin.refuseStep(saga, id, step, AUDIT));
      return this.tell(life, `complete ${id} ${step}`, admin.completeStep(saga, id, step, 'by hand', AUDIT));
    }
    const waive = (): void => this.tell(life, `waive ${id} ${step}`, admin.waive(saga, id, step, AUDIT));
    if (operation.startsWith(CHILD_PREFIX)) {
      const child = `${operation.slice(CHILD_PREFIX.length)}/${key}`;
      const status = (await world.viewer.load(child, { limit: 0 }))?.head.status;
      if (status === 'compensated') return retry();
      if (status === 'completed' || status === 'mixed' || this.givenUp.has(child)) return waive();
      return undefined;
    }
    if (chance.is(0.5)) return waive();
    world.outside.takeBack(key, operation, stream);
    this.tell(life, `mark ${id} ${step}`, admin.markCompensated(saga, id, step, { ...AUDIT, evidence: 'seen' }));
  }

  private giveUp(stream: string): void {
    this.world.open.delete(stream);
    this.givenUp.add(stream);
    // The id of a child is the key of its parent's step.
    const [, id] = namesOf(stream);
    if (id.includes('~')) this.orphaned.add(id.slice(0, id.lastIndexOf('~')));
  }

  private tell(life: Life, what: string, verb: Promise<void>): void {
    const { records, timeline } = this.world;
    const done = (answer: string): void => void records.push({ kind: 'fault', t: timeline.now, what: `${what}: ${answer}`, by: life.name });
    verb.then(
      () => done('done'),
      (error: unknown) => done(RedressError.is(error) ? error.code : String(error)),
    );
  }
}

/** The saga and the id of a stream. */
function namesOf(stream: string): readonly [saga: string, id: string] {
  const at = stream.indexOf('/');
  return [stream.slice(0, at), stream.slice(at + 1)];
}
