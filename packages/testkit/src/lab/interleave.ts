import type { Recovery } from '../recovery/recovery.js';
import type { SagaView, StepOfRun } from '../recovery/saga-view.js';
import { finding } from './crash-trials.js';
import type { Planned } from './crash-trials.js';
import { occurrence } from './scenario.js';
import type { Subject } from './subject.js';
import { Trial } from './trial.js';

/** Holds a call until it is let go. */
class Barrier {
  private release!: () => void;
  private arrive!: () => void;
  private readonly opened = new Promise<void>((resolve) => (this.release = resolve));
  readonly reached = new Promise<void>((resolve) => (this.arrive = resolve));

  open(): void {
    this.release();
  }

  async hold(): Promise<void> {
    this.arrive();
    await this.opened;
  }
}

/** A second run passes from its start to its end while the first one stands before, or after, each of its steps in turn. */
export function interleavings<W>(subject: Subject<W>, seed: number, run: SagaView): readonly Planned[] {
  if (typeof (subject.input ?? subject.args) !== 'function') {
    const name = 'two runs > interleaved';
    const why = 'give `input` as a function: input(1) is for the other run, with another id';
    return [{ name, make: async () => ({ name, ending: run.status, verdict: 'skipped', why }) }];
  }
  let inTurn: Promise<{ readonly world: unknown; readonly endings: string }> | undefined;
  return run.steps.flatMap((step) =>
    (['before', 'after'] as const).map((when) => {
      const name = `two runs > the other passes ${when} ${step.name}`;
      return { name, make: async () => pass(subject, seed, { name, when, step }, await (inTurn ??= oneAfterTheOther(subject, seed))) };
    }),
  );
}

/** The two runs without anything between them: what an interleaving is compared with. */
async function oneAfterTheOther<W>(subject: Subject<W>, seed: number): Promise<{ world: unknown; endings: string }> {
  await using trial = await Trial.open(subject, seed);
  await trial.go(0);
  await trial.go(1);
  return { world: trial.snapshot, endings: endingsOf(trial.runs) };
}

interface Where {
  readonly name: string;
  readonly when: 'before' | 'after';
  readonly step: StepOfRun;
}

async function pass<W>(subject: Subject<W>, seed: number, { name, when, step }: Where, inTurn: { world: unknown; endings: string }) {
  await using trial = await Trial.open(subject, seed);
  const barrier = new Barrier();
  const fault = holdAt(trial.t, step, when, barrier);
  await trial.start(0);
  await trial.t.drive(barrier.reached);
  await trial.start(1);
  const other = trial.runs[1];
  if (other)
    await trial.t.drive(
      trial.t.app
        .handle(other.saga, other.id)
        .outcome()
        .catch(() => {}),
    );
  barrier.open();
  await trial.settle();
  const why = (await trial.verdict([fault])) ?? (other ? undefined : 'input(1) has the id of input(0): there is no other run');
  // Whoever comes first may get the last piece: the worlds are compared when both runs ended as one after the other.
  const isAlike = endingsOf(trial.runs) === inTurn.endings && subject.snapshot !== undefined;
  return finding(name, trial.run, why ?? (isAlike ? trial.differs('of the two runs one after the other', inTurn.world) : undefined));
}

function holdAt(t: Recovery, step: StepOfRun, when: Where['when'], barrier: Barrier) {
  const held = async (_: unknown, next: () => Promise<unknown>): Promise<unknown> => {
    if (when === 'before') await barrier.hold();
    const answer = await next();
    if (when === 'after') await barrier.hold();
    return answer;
  };
  return t.replaceAt(step.operation, held, { call: occurrence(step) });
}

function endingsOf(runs: readonly SagaView[]): string {
  return runs.map(({ status }) => status).join();
}
