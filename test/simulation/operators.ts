import { createCodec, decodeRecord, RedressError } from '@redress/core';
import type { Runtime, Store } from '@redress/core';
import type { Chance } from './chance.js';
import type { SimRecord } from './history.js';
import type { Outside } from './outside.js';
import { SIGNALS } from './plan.js';
import { SAGA } from './sagas.js';
import type { Life, Timeline } from './timeline.js';

/** What operators need of the world. */
export interface OperatedWorld {
  readonly timeline: Timeline;
  readonly outside: Outside;
  readonly records: SimRecord[];
  /** Runs that have not ended, and are not given up. */
  readonly open: Set<string>;
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
  settle(): void {
    const { open, timeline } = this.world;
    for (const stream of open) void this.lookAfter(stream);
    timeline.after(ROUND_MS, () => this.settle());
  }

  private act(what: 'signal' | 'cancel' | 'hold' | 'release', id: string): void {
    const { chance } = this;
    const { life, runtime } = chance.pick(this.world.processes);
    if (life.state === 'dead') return;
    const told = (verb: Promise<void>): void => this.tell(life, `${what} ${id}`, verb);
    if (what === 'signal') {
      const [name, key] = [chance.pick(SIGNALS), chance.is(0.5) ? `k${chance.whole(1, 3)}` : undefined];
      return told(runtime.signal(SAGA, id, name, `${name}!`, key === undefined ? {} : { key: `${name}-${key}` }));
    }
    return told(runtime.admin[what](SAGA, id, AUDIT));
  }

  private async lookAfter(stream: string): Promise<void> {
    const { chance, world } = this;
    const loaded = await world.viewer.load(stream);
    const process = world.processes.find(({ life }) => life.state === 'up');
    if (!loaded || !process) return;
    const { life, runtime } = process;
    const { admin } = runtime;
    const id = stream.slice(stream.indexOf('/') + 1);
    const { status, meta } = loaded.head;
    const { held, stuckFrom } = (meta === '' ? {} : JSON.parse(meta as string)) as { held?: boolean; stuckFrom?: string };
    if (held) return this.tell(life, `release ${id}`, admin.release(SAGA, id, AUDIT));
    if (status !== 'stuck') {
      if (status !== 'running') return;
      for (const name of SIGNALS) this.tell(life, `signal ${id}`, runtime.signal(SAGA, id, name, `${name}!`));
      return;
    }
    const last = loaded.entries.findLast(({ type }) => type === 'saga.stuck');
    const { n } = decodeRecord(CODECS, last?.data ?? '') as { n: number };
    const times = (this.retried.get(stream) ?? 0) + 1;
    this.retried.set(stream, times);
    // No step to settle: the body itself fails, behind its pivot. Somebody tries again, and leaves it to new code.
    if (n === 0 && times > RETRIES) return void world.open.delete(stream);
    if (n === 0 || times <= 1) return this.tell(life, `retry ${id}`, admin.retry(SAGA, id, AUDIT));
    const step = String(n);
    if (stuckFrom === 'running') return this.tell(life, `complete ${id} ${step}`, admin.completeStep(SAGA, id, step, 'by hand', AUDIT));
    if (chance.is(0.5)) return this.tell(life, `waive ${id} ${step}`, admin.waive(SAGA, id, step, AUDIT));
    const intent = loaded.entries.find(({ key }) => key === `step:${step}`);
    const { key, operation } = decodeRecord(CODECS, intent?.data ?? '') as { key: string; operation: string };
    world.outside.takeBack(key, operation, stream);
    this.tell(life, `mark ${id} ${step}`, admin.markCompensated(SAGA, id, step, { ...AUDIT, evidence: 'seen' }));
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
