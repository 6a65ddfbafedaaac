import { z } from 'zod';
import { durationMs } from '../base/duration.js';
import type { Duration } from '../base/duration.js';
import { ConfigurationError } from '../base/errors.js';
import type { Problem } from '../base/errors.js';
import type { Matcher } from '../base/failure.js';
import { checkOptions } from '../base/options.js';
import { pluralityVoter, quorumVoter } from './agreement.js';
import type { Ballot } from './ballot.js';
import { meanVoter, medianVoter } from './numeric.js';
import { chosenBy, first } from './vote.js';
import type { Voter } from './vote.js';

/** How an answer is found among those of the replicas. */
export interface RedundantOptions<R = unknown> {
  /**
   * `majority`: more than half of the configured replicas, or `quorum`; `unanimous`: all; `plurality`: the most, at least
   * `minVotes`; `weighted`: more than half of all `weights`; `median`, `mean`: of numbers; `first`: whoever is first; or a function
   * that is given all ballots and says whose wins. Default: `majority`.
   */
  readonly vote?:
    | 'majority'
    | 'unanimous'
    | 'plurality'
    | 'weighted'
    | 'median'
    | 'mean'
    | 'first'
    | ((ballots: readonly Ballot<R>[]) => number | undefined);
  /** Votes needed: for a majority or weights more than a half of all; for a median or mean valid numbers. Default: just above a half. */
  readonly quorum?: number;
  /** For `plurality`. Default: 2. */
  readonly minVotes?: number;
  /** For `weighted`: the votes of each replica. For `tie: 'weight'`: what counts then. */
  readonly weights?: readonly number[];
  /** `lazy` asks only as many as could decide the vote, and more when they did not. Default: `parallel`. */
  readonly mode?: 'parallel' | 'lazy';
  /** When two answers are the same; it must hold between a and c when it holds between a and b, and b and c. Default: their structure. */
  readonly equals?: (a: R, b: R) => boolean;
  /** What of an answer is voted upon. The caller gets the whole answer of a replica that won. */
  readonly project?: (answer: R) => unknown;
  /** By how much numbers may differ, wherever they stand. Default: 0. */
  readonly tolerance?: number;
  /** Answers that do not pass do not count. */
  readonly accept?: (answer: R) => boolean;
  /** Errors that any replica in order would give, such as "not found": they vote, and may win. */
  readonly errorsAsVotes?: readonly Matcher[];
  /**
   * For `plurality`: what several answers with as many votes come to. `first` takes that of the replica configured first; `weight` that
   * whose replicas have more of the `weights`; a function is given one ballot of each such answer, and says the `index` of the one that
   * wins, or undefined. Default: `fail`.
   */
  readonly tie?: 'fail' | 'first' | 'weight' | ((tied: readonly Ballot<R>[]) => number | undefined);
  /** How long each replica may take; 0: as long as it likes. Default: 0. */
  readonly replicaTimeout?: Duration;
  /** What becomes of replicas that are not needed any more: asked to stop, waited for, or left to themselves. Default: `abort`. */
  readonly stragglers?: 'abort' | 'await' | 'detach';
  /** A replica that was outvoted so often in a row is not asked any more until it is released; 0: never. Default: 0. */
  readonly quarantineAfter?: number;
}

/** `RedundantOptions`, checked for a number of replicas and filled in. */
export interface Plan extends Pick<RedundantOptions, 'equals' | 'project' | 'accept'> {
  readonly voter: Voter;
  readonly numeric: 'median' | 'mean' | undefined;
  readonly tolerance: number;
  readonly errorsAsVotes: readonly Matcher[];
  readonly lazy: boolean;
  readonly replicaTimeoutMs: number;
  readonly stragglers: 'abort' | 'await' | 'detach';
  readonly quarantineAfter: number;
}

const count = z.number().int().min(1);
const schema = z.strictObject({
  vote: z.union([z.enum(['majority', 'unanimous', 'plurality', 'weighted', 'median', 'mean', 'first']), z.function()]).optional(),
  quorum: z.number().positive().optional(),
  minVotes: count.optional(),
  weights: z.array(z.number().min(0)).optional(),
  mode: z.enum(['parallel', 'lazy']).optional(),
  equals: z.function().optional(),
  project: z.function().optional(),
  tolerance: z.number().min(0).optional(),
  accept: z.function().optional(),
  errorsAsVotes: z.array(z.union([z.string().min(1), z.function()])).optional(),
  tie: z.union([z.enum(['fail', 'first', 'weight']), z.function()]).optional(),
  replicaTimeout: z.union([z.number(), z.string()]).optional(),
  stragglers: z.enum(['abort', 'await', 'detach']).optional(),
  quarantineAfter: z.number().int().min(0).optional(),
});

/** @throws ConfigurationError with one problem for each option that does not fit; `subject` names the method. */
export function planOf<R>(subject: string, n: number, options: RedundantOptions<R>): Plan {
  checkOptions(subject, schema, options);
  const problems = problemsOf(subject, n, options as RedundantOptions);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const { vote = 'majority', equals, project, accept, tolerance = 0 } = options as RedundantOptions;
  return {
    voter: voterOf(n, options as RedundantOptions),
    numeric: vote === 'median' || vote === 'mean' ? vote : undefined,
    tolerance,
    errorsAsVotes: options.errorsAsVotes ?? [],
    lazy: options.mode === 'lazy',
    replicaTimeoutMs: durationMs(options.replicaTimeout ?? 0, `${subject}, replicaTimeout`),
    stragglers: options.stragglers ?? 'abort',
    quarantineAfter: options.quarantineAfter ?? 0,
    ...(equals && { equals }),
    ...(project && { project }),
    ...(accept && { accept }),
  };
}

function voterOf(n: number, { vote = 'majority', quorum, minVotes = 2, weights, tolerance, tie = 'fail' }: RedundantOptions): Voter {
  const tolerant = (tolerance ?? 0) > 0;
  const ones = Array.from({ length: n }, () => 1);
  const half = Math.floor(n / 2) + 1;
  if (typeof vote === 'function') return chosenBy(vote);
  switch (vote) {
    case 'majority':
      return quorumVoter({ weights: ones, tolerant }, quorum);
    case 'unanimous':
      return quorumVoter({ weights: ones, tolerant }, n);
    case 'weighted':
      return quorumVoter({ weights: weights ?? ones, tolerant }, quorum);
    case 'plurality':
      return pluralityVoter({ weights: weights ?? ones, tolerant, minVotes, tie });
    case 'median':
      return medianVoter(quorum ?? half, tolerance);
    case 'mean':
      return meanVoter(quorum ?? half, tolerance);
    case 'first':
      return first;
  }
}

function problemsOf(subject: string, n: number, options: RedundantOptions): readonly Problem[] {
  const { vote = 'majority', quorum, weights, minVotes, equals, errorsAsVotes = [] } = options;
  const name = typeof vote === 'function' ? 'a function' : vote;
  const all = vote === 'weighted' && weights ? weights.reduce((sum, one) => sum + one, 0) : n;
  const numeric = vote === 'median' || vote === 'mean';
  const agreement = vote === 'majority' || vote === 'weighted';
  const problems: Problem[] = [];
  const say = (wrong: boolean, option: string, cause: string, remedy: string): void => {
    if (wrong) problems.push({ subject: `${subject}, ${option}`, cause, remedy });
  };
  const only = (option: keyof RedundantOptions, fits: boolean): void =>
    say(options[option] !== undefined && !fits, option, `It says nothing when the vote is ${name}.`, 'Leave it out.');
  only('quorum', agreement || numeric);
  only('minVotes', vote === 'plurality');
  only('tie', vote === 'plurality');
  const weighed = vote === 'weighted' || (vote === 'plurality' && options.tie === 'weight');
  only('weights', weighed);
  only('equals', agreement || vote === 'unanimous' || vote === 'plurality');
  say(n === 0, 'replicas', 'There is none.', 'Name at least one, and three to mask one that is wrong.');
  say(weighed && weights?.length !== n, 'weights', `There must be one for each of the ${n} replicas.`, 'Give each its votes.');
  say(vote === 'weighted' && all === 0, 'weights', 'All of them are 0.', 'Give votes to those that are to decide.');
  const tooFew = quorum !== undefined && agreement && quorum <= all / 2;
  say(tooFew, 'quorum', `${quorum} of ${all} is not more than a half: two answers could win.`, "Raise it, or use vote: 'plurality'.");
  say(quorum !== undefined && quorum > all, 'quorum', `${quorum} cannot be reached: there are ${all} votes.`, 'Lower it.');
  say(vote === 'plurality' && (minVotes ?? 2) > n, 'minVotes', `There are only ${n} replicas.`, 'Lower it, or add replicas.');
  say(numeric && errorsAsVotes.length > 0, 'errorsAsVotes', `A ${name} is of numbers.`, 'Leave it out, or vote by majority.');
  say(
    vote === 'mean' && options.project !== undefined,
    'project',
    'A mean is no part of an answer.',
    'Let the replicas answer the number.',
  );
  const two = equals !== undefined && (options.project !== undefined || options.tolerance !== undefined);
  say(two, 'equals', 'It stands beside project or tolerance, and is given whole answers.', 'Let equals do all of it, or leave it out.');
  return problems;
}
