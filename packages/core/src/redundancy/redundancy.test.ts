import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../base/environment.js';
import { RefusedError } from '../base/errors.js';
import { chain } from '../base/interceptor.js';
import type { Call } from '../base/interceptor.js';
import { currentScope, runInScope } from '../base/scope.js';
import { circuitBreaker } from '../policy/circuit-breaker.js';
import { retry } from '../policy/retry.js';
import { VirtualClock } from '../policy/virtual-clock.fixture.js';
import type { ReplicaOutvotedError } from './errors.js';
import { at, broken, hangs, setUp } from './redundant.fixture.js';
import { redundancy, redundant } from './redundant.js';
import { copiesOf } from './replica.js';

describe('redundancy around a call', () => {
  const callOf = (more: Partial<Call> = {}): Call => ({ operation: 'Rates.get', args: [1, 2], signal: undefined, attempt: 1, ...more });

  it('VT-37 is repeated as a whole by a retry outside of it', async () => {
    const clock = new VirtualClock();
    const environment = createEnvironment({ clock });
    const says = [1, 2, 3, 4, 4, 5];
    let runs = 0;
    const around = chain([retry(1, environment), redundancy(3, { stragglers: 'await' }, environment)]);
    expect(await clock.drive(around(callOf(), async () => says[runs++]))).toMatchObject({ value: 4 });
    expect(runs).toBe(6);
  });

  it('VT-38 a replica that is refused at once by its own breaker is blank', async () => {
    const open = Object.assign(new Error('open'), { code: 'CIRCUIT_OPEN' });
    const { value, clock } = setUp([at(5, 7), () => Promise.reject(open), at(6, 7)]);
    expect([await value(), clock.at]).toEqual([7, 6]);
  });

  it('VT-38 each replica may have a circuit of its own in one breaker', async () => {
    const breaker = circuitBreaker({ requestVolumeThreshold: 1, delay: 60_000, key: (name) => String(name) });
    let asked = 0;
    const behind = (name: string, act: () => Promise<number>) => ({
      name,
      answer: () => breaker(callOf({ args: [name] }), act) as Promise<number>,
    });
    const bad = behind('two', () => {
      asked += 1;
      return Promise.reject(broken);
    });
    const ask = redundant([behind('one', async () => 7), bad, behind('three', async () => 7)], { stragglers: 'await' });
    expect((await ask.vote([])).ballots).toMatchObject([{ value: 7 }, { reason: 'failed', error: broken }, { value: 7 }]);
    expect(await ask.vote([])).toMatchObject({ value: 7, ballots: [{ value: 7 }, { error: { code: 'CIRCUIT_OPEN' } }, { value: 7 }] });
    expect([asked, breaker.state('one'), breaker.state('two')]).toEqual([1, 'closed', 'open']);
  });

  it('gives the arguments of the call to replicas of another kind', async () => {
    const { interceptor } = redundant([(a: number, b: number) => a + b, (a: number, b: number) => b + a, () => 0]);
    expect(await interceptor(callOf(), () => Promise.reject(broken))).toBe(3);
  });

  it('inside a saga every replica reports to the step what it may have done', async () => {
    const told: unknown[] = [];
    const refused = new RefusedError('no');
    const { ask, clock } = setUp([at(1, refused), at(2, 9), at(3, 7), at(4, 7), at(5, 7), hangs], { quorum: 4, replicaTimeout: 9 });
    const call = callOf({ onAttemptFailed: (error) => told.push(error) });
    await clock.drive(ask.interceptor(call, () => Promise.resolve()));
    expect(told).toMatchObject([refused, { code: 'REPLICA_TIMEOUT', details: { replica: 'r6' } }]);
    told.length = 0;
    const won = setUp([at(1, 7), at(2, 9), at(3, -1), at(4, 7), at(5, 7), hangs, hangs], { quorum: 3.6, accept: (v) => v > 0, vote: 'weighted', weights: [2, 1, 1, 1, 1, 1, 0] }); // prettier-ignore
    expect(await won.clock.drive(won.ask.interceptor(call, () => Promise.resolve()))).toMatchObject({ value: 7 });
    expect(told.map((error) => (error as ReplicaOutvotedError).details)).toMatchObject([
      { replica: 'r6', dissented: false },
      { replica: 'r7', dissented: false },
      { replica: 'r2', dissented: true },
      { replica: 'r3', dissented: true },
    ]);
  });

  it('asks no further replica when this process must not go on', async () => {
    const { ask, clock, started } = setUp([at(1, 7), at(2, 9), at(3, 7)], { mode: 'lazy' });
    let may = true;
    const call = callOf({ mayGoOn: () => may });
    clock.setTimer(1.5, () => (may = false));
    const end = await clock.drive(ask.interceptor(call, () => Promise.resolve()));
    expect(end).toMatchObject({ reason: { reason: 'disagreement' } });
    expect(started).toEqual([1, 2]);
  });

  it('all replicas share the key of the step, and each has a signal of its own', async () => {
    const scopes: unknown[] = [];
    const ask = redundant([1, 2, 3].map(() => () => void scopes.push(currentScope()?.step)));
    const step = { operation: 'x', key: 'k', signal: new AbortController().signal, attempt: 1, notes: [], note: () => Promise.resolve(), saga: 's', id: 'i' }; // prettier-ignore
    await runInScope({ step }, () => ask());
    expect(scopes).toMatchObject([1, 2, 3].map(() => ({ key: 'k', saga: 's', id: 'i', operation: 'redundant' })));
    expect(new Set(scopes.map((one) => (one as { signal: AbortSignal }).signal)).size).toBe(3);
    scopes.length = 0;
    await ask();
    const keys = new Set(scopes.map((one) => (one as { key: string }).key));
    expect([keys.size, [...keys][0]]).toEqual([1, expect.stringMatching(/.{22}/)]);
  });

  it('creates no signal that nobody asks for', async () => {
    const Original = globalThis.AbortController;
    let made = 0;
    globalThis.AbortController = class extends Original {
      constructor() {
        super();
        made += 1;
      }
    };
    try {
      await redundant(copiesOf(3, () => 7))();
      expect(made).toBe(0);
    } finally {
      globalThis.AbortController = Original;
    }
  });
});
