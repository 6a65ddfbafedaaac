import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from './random.js';

export interface Weather {
  /** Longest way of a request, and of its answer, in milliseconds; 0: there is none. */
  readonly latencyMs: number;
  /** Share of requests that never arrive: the connection is refused. */
  readonly refusedConnections: number;
  /** Share of requests whose answer is lost after the work was done. */
  readonly lostAnswers: number;
  /** How long a caller waits for a lost answer before it gives up. Default: it learns at once that the connection was reset. */
  readonly timeoutMs?: number;
  readonly seed: number;
}

export const FAIR: Weather = { latencyMs: 100, refusedConnections: 0.04, lostAnswers: 0.03, seed: 7 };
export const CALM: Weather = { latencyMs: 1, refusedConnections: 0, lostAnswers: 0, seed: 7 };

/** Told before and after the remote system works on a request: a crash test puts its knife there. */
export type EffectHook<O extends string> = (operation: O, side: 'before-effect' | 'after-effect') => void;

/** What lies between a service and a remote system: time, and two ways to fail. */
export class Network<O extends string> {
  readonly #weather: Weather;
  readonly #random: () => number;
  readonly #hook: EffectHook<O>;
  #faults = 0;

  constructor(weather: Weather, hook: EffectHook<O> = () => {}) {
    this.#weather = weather;
    this.#random = seeded(weather.seed);
    this.#hook = hook;
  }

  /** Requests and answers lost so far. */
  get faults(): number {
    return this.#faults;
  }

  async call<T>(operation: O, work: () => T): Promise<T> {
    await this.#travel();
    if (this.#happens(this.#weather.refusedConnections)) throw networkError('ECONNREFUSED', `${operation}: connection refused`);
    this.#hook(operation, 'before-effect');
    const answer = settle(work);
    this.#hook(operation, 'after-effect');
    await this.#travel();
    if (this.#happens(this.#weather.lostAnswers)) throw await this.#lost(operation);
    if ('error' in answer) throw answer.error;
    return answer.value;
  }

  async #lost(operation: O): Promise<Error> {
    const { timeoutMs } = this.#weather;
    if (timeoutMs === undefined) return networkError('ECONNRESET', `${operation}: connection reset, answer lost`);
    await sleep(timeoutMs);
    return networkError('ETIMEDOUT', `${operation}: no answer after ${timeoutMs} ms`);
  }

  async #travel(): Promise<void> {
    const { latencyMs } = this.#weather;
    if (latencyMs > 0) await sleep(this.#random() * latencyMs);
  }

  #happens(share: number): boolean {
    const happens = this.#random() < share;
    if (happens) this.#faults++;
    return happens;
  }
}

function settle<T>(work: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}

function networkError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
