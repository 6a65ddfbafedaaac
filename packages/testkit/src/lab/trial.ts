import { isDeepStrictEqual } from 'node:util';
import type { SagaDefinition, StartOptions } from '@redress/core';
import type { ArmedCrash, Crash } from '../recovery/crash-points.js';
import type { Fault } from '../recovery/faults.js';
import { Recovery } from '../recovery/recovery.js';
import { absent, message } from '../recovery/saga-view.js';
import type { SagaView } from '../recovery/saga-view.js';
import { argsOf } from './subject.js';
import type { Subject } from './subject.js';

/** One fresh world, one fresh store, one run of the saga (or two), and what came of it. */
export class Trial<W> implements AsyncDisposable {
  private startFailure: unknown;

  private constructor(
    private readonly subject: Subject<W>,
    readonly t: Recovery,
    readonly world: W,
    /** The world as it was at first. */
    readonly before: unknown,
  ) {}

  static async open<W>(subject: Subject<W>, seed: number): Promise<Trial<W>> {
    const world = await subject.world();
    const { container, instances, ...rest } = subject;
    const { world: _, invariant: __, only: ___, saga: ____, input: _____, args: ______, snapshot, ...options } = rest;
    const own = typeof container === 'function' ? () => container(world) : container;
    const objects = typeof instances === 'function' ? () => instances(world) : instances;
    const parts = { ...(own && { container: own }), ...(objects && { instances: objects }) };
    const t = await Recovery.open({ ...options, ...plain(subject), ...parts, seed });
    return new Trial(subject, t, world, structuredClone(snapshot?.(world)));
  }

  get definition(): SagaDefinition {
    const { saga } = this.subject;
    if ('name' in saga) return saga;
    return this.t.app.saga(saga[0] as Parameters<Recovery['app']['saga']>[0], saga[1] as never) as unknown as SagaDefinition;
  }

  /** The runs of the saga that is tried, in the order of their starts. */
  get runs(): readonly SagaView[] {
    const { name } = this.definition;
    return this.t.sagas().filter(({ saga }) => saga === name);
  }

  get run(): SagaView {
    return this.runs[0] ?? absent(this.definition.name, '');
  }

  get snapshot(): unknown {
    return structuredClone(this.subject.snapshot?.(this.world));
  }

  async start(n = 0, options: StartOptions = {}): Promise<void> {
    await this.t.start(this.definition, argsOf(this.subject as Subject, n), options).catch((error: unknown) => (this.startFailure = error));
  }

  /** Runs the saga until it has ended, or its process has died. */
  async go(n = 0, options: StartOptions = {}): Promise<void> {
    await this.start(n, options);
    await this.settle();
  }

  /** Another process finishes what the dead one left. A caller that was never answered asks again. */
  async recover(): Promise<void> {
    await this.t.restart();
    await this.settle();
    if (this.runs.length === 0) await this.go();
  }

  async settle(): Promise<void> {
    await this.t.settle().catch((error: unknown) => {
      if (this.t.isAlive) throw error;
    });
  }

  /**
   * What is wrong with how it ended, if anything. `completed`: the world after a run in which nothing went wrong, when
   * a completed run must leave just that.
   */
  async verdict(injected: readonly (Fault | Crash)[], completed?: { readonly world: unknown }): Promise<string | undefined> {
    const missed = injected.filter(({ fired }) => fired === 0 || fired === false);
    if (missed.length > 0) return `never came by ${missed.map(nameOf).join(', ')}. ${String(this.run)}`;
    if (this.runs.length === 0) return `the saga did not start: ${message(this.startFailure)}`;
    for (const run of this.runs) {
      if (run.status !== 'completed' && run.status !== 'compensated') return `did not end: ${String(run)}`;
      const broken = await this.broken(run);
      if (broken !== undefined) return `the invariant does not hold: ${broken}. ${String(run)}`;
    }
    if (!this.subject.snapshot || this.runs.length > 1) return undefined;
    const { run } = this;
    if (run.status === 'completed') return completed && this.differs('of a run in which nothing went wrong', completed.world);
    return isWhole(run) ? this.differs('before the run', this.before) : undefined;
  }

  /** How the world differs from another one. */
  differs(of: string, expected: unknown): string | undefined {
    const actual = this.snapshot;
    if (isDeepStrictEqual(actual, expected)) return undefined;
    return `the world is ${JSON.stringify(actual)}, not that ${of}, ${JSON.stringify(expected)}. ${this.runs.map(String).join('; ')}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.t[Symbol.asyncDispose]();
  }

  private async broken(run: SagaView): Promise<string | undefined> {
    try {
      return (await this.subject.invariant?.(this.world, run)) === false ? 'it answered false' : undefined;
    } catch (error) {
      return message(error);
    }
  }
}

/** A saga of plain functions need not be listed a second time. */
function plain({ saga, sagas }: Pick<Subject, 'saga' | 'sagas'>): { readonly sagas?: readonly SagaDefinition<never, unknown>[] } {
  if (!('name' in saga)) return {};
  const one = saga as unknown as SagaDefinition<never, unknown>;
  return { sagas: sagas?.includes(one) ? sagas : [one, ...(sagas ?? [])] };
}

/** Everything that it did can be undone. */
function isWhole({ steps }: SagaView): boolean {
  return !steps.some(({ kind, outcome }) => kind === 'irreversible' && outcome !== 'refused');
}

function nameOf(injected: Fault | Crash): string {
  return 'description' in injected ? injected.description : (injected as ArmedCrash).point;
}
