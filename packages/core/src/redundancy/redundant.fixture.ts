import { expect } from 'vitest';
import { createEnvironment } from '../base/environment.js';
import type { RedressEvent } from '../base/events.js';
import { VirtualClock } from '../policy/virtual-clock.fixture.js';
import { NoConsensusError } from './errors.js';
import type { RedundantOptions } from './options.js';
import { redundant } from './redundant.js';

export type Act = (signal: AbortSignal, clock: VirtualClock) => unknown;

/** Answers after a time. */
export const at =
  (ms: number, answer: unknown): Act =>
  async (_signal, clock) => {
    await clock.sleep(ms);
    if (answer instanceof Error) throw answer;
    return answer;
  };
export const now = (answer: unknown): Act => at(0, answer);
export const hangs: Act = () => new Promise(() => {});
export const broken = new Error('no such host');

/** Replicas r1, r2 … that do what `acts` say, and what is seen of them. */
export function setUp<R = number>(acts: readonly Act[], options: RedundantOptions<R> = {}) {
  const clock = new VirtualClock();
  const environment = createEnvironment({ clock });
  const events: RedressEvent[] = [];
  environment.events.on('*', (event) => events.push(event));
  const started: number[] = [];
  const aborted: (readonly [number, number])[] = [];
  const replicas = acts.map((act, i) => ({
    name: `r${i + 1}`,
    answer: (_args: readonly unknown[], { signal }: { readonly signal: AbortSignal }) => {
      started.push(i + 1);
      signal.addEventListener('abort', () => aborted.push([i + 1, clock.at]));
      return act(signal, clock) as R;
    },
  }));
  const ask = redundant(replicas, { name: 'Rates.get', ...options }, environment);
  const run = async (signal?: AbortSignal) => clock.drive(ask.vote([], signal && { signal }));
  const value = async (): Promise<unknown> => {
    const end = await run();
    if (!end) return 'open';
    return end.status === 'fulfilled' ? end.value.value : end.reason;
  };
  const lost = async (): Promise<NoConsensusError> => {
    const error = await value();
    expect(error).toBeInstanceOf(NoConsensusError);
    return error as NoConsensusError;
  };
  const decided = (): unknown => events.findLast(({ name }) => name === 'vote.decided')?.details;
  return { clock, environment, events, started, aborted, ask, run, value, lost, decided };
}
