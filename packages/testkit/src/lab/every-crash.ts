import { chooseSeed } from '../recovery/options.js';
import type { TestRecovery } from '../recovery/recovery.js';
import { crashTrials, makeAll } from './crash-trials.js';
import { chosen, conclude, reportOf } from './report.js';
import type { Report } from './report.js';
import { titleOf } from './subject.js';
import type { OfClass, OfDefinition, SagaMethodOf, Subject, SubjectOptions } from './subject.js';

export interface EveryCrashOptions<W> extends SubjectOptions<W> {
  readonly invariant: NonNullable<SubjectOptions<W>['invariant']>;
  /** Further ways for the run to go, by name, besides `forward` and `backward`: what is set up on `t` and on the world. */
  readonly also?: Readonly<Record<string, (t: TestRecovery, world: W) => void>>;
  /** The process that finishes dies too, at every place of its own: many more trials. Default: false. */
  readonly twice?: boolean;
}

/**
 * Records a run, and lets it die at every place in turn: before and after each durable write, each step and each undo,
 * forward and backward; with `twice`, the next process too. Each time another one goes on in a fresh world; then the run must have ended, and the
 * invariant hold.
 * @throws Error that lists the places where it did not, with the seed and a command for one of them.
 */
export function everyCrash<W, T extends object, K extends SagaMethodOf<T>>(options: EveryCrashOptions<W> & OfClass<T, K>): Promise<Report>;
export function everyCrash<W, A extends readonly unknown[]>(options: EveryCrashOptions<W> & OfDefinition<A>): Promise<Report>;
export async function everyCrash<W>(given: EveryCrashOptions<W> & Pick<Subject<W>, 'saga'>): Promise<Report> {
  const { also = {}, twice = false, ...rest } = given;
  const subject: Subject<W> = rest;
  const seed = chooseSeed(subject.seed);
  const further = Object.entries(also).map(([name, arrange]) => ({ name, arrange }));
  const planned = chosen(await crashTrials(subject, seed, { also: further, twice }), subject.only);
  return conclude('everyCrash', reportOf(titleOf(subject as Subject), seed, await makeAll(planned)));
}
