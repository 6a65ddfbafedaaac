// One small interface for all: each is set up as its own documents say, and is `undefined` where a library has no such thing.
//   breaker({ failures, delayMs, isNeutral }) → { run(body, signal?), state() }   opens after so many failures in a row;
//     `probeMs`: how long a probe may take, where a library asks
//   bulkhead(places, queue)                   → { run(body, signal?) }
//   timeout(ms)                               → { run(body, signal?) }            body gets { signal }
//   timedPlaces(ms, places)                   → { run(body) }                     a time-out, and so many at once
//   retry(retries)                            → { run(body) }
//   retryOver(breaker, retries)               → { run(body), attempts() }         attempts: how often the last call asked the breaker
import { bulkhead, circuitBreaker, currentSignal, guard, recoveryInfo, retry, timeout } from '@redress/core';

const FOLDER = new URL('peers/node_modules/', import.meta.url);

const own = (body) => body({ signal: currentSignal() });
const guarded = (...policies) => {
  const call = guard(own, ...policies);
  return { run: (body, signal) => (signal ? call.with({ signal })(body) : call(body)) };
};

const anyError = { retryOn: [() => true], jitter: 'none', delay: 1, budget: false };

export const redress = {
  name: 'Redress',
  breaker({ failures, delayMs, isNeutral, probeMs }) {
    const policy = circuitBreaker({
      window: 'consecutive',
      requestVolumeThreshold: failures,
      delay: delayMs,
      ...(isNeutral && { ignoreOn: [isNeutral] }),
      ...(probeMs && { halfOpenMaxDuration: probeMs }),
    });
    return { ...guarded(policy), state: () => policy.state(), policy };
  },
  bulkhead: (places, queue) => guarded(bulkhead({ value: places, waitingTaskQueue: queue })),
  timeout: (ms) => guarded(timeout(ms)),
  timedPlaces: (ms, places) => guarded(timeout(ms), bulkhead({ value: places, waitingTaskQueue: 0 })),
  retry: (maxRetries) => guarded(retry({ ...anyError, maxRetries })),
  retryOver({ policy }, maxRetries) {
    const call = guarded(retry({ ...anyError, maxRetries }), policy);
    let attempts = 0;
    const run = (body) => call.run(body).catch((error) => void (attempts = recoveryInfo(error).attempts));
    return { run, attempts: () => attempts };
  },
};

async function cockatiel(folder) {
  const peer = await import(new URL(`${folder}/dist/index.js`, FOLDER).href);
  const by = (policy) => ({ run: (body, signal) => policy.execute(body, signal), policy });
  const STATES = { [peer.CircuitState.Closed]: 'closed', [peer.CircuitState.Open]: 'open', [peer.CircuitState.HalfOpen]: 'halfOpen' };
  const repeats = (maxAttempts) => peer.retry(peer.handleAll, { maxAttempts, backoff: new peer.ConstantBackoff(1) });
  const limit = (ms) => peer.timeout(ms, peer.TimeoutStrategy.Aggressive);
  return {
    breaker({ failures, delayMs, isNeutral }) {
      const handled = isNeutral ? peer.handleWhen((error) => !isNeutral(error)) : peer.handleAll;
      const policy = peer.circuitBreaker(handled, { halfOpenAfter: delayMs, breaker: new peer.ConsecutiveBreaker(failures) });
      return { ...by(policy), state: () => STATES[policy.state] };
    },
    bulkhead: (places, queue) => by(peer.bulkhead(places, queue)),
    timeout: (ms) => by(limit(ms)),
    timedPlaces: (ms, places) => by(peer.wrap(limit(ms), peer.bulkhead(places, 0))),
    retry: (retries) => by(repeats(retries)),
    retryOver({ policy }, retries) {
      let attempts = 0;
      const asking = { execute: (...args) => (attempts++, policy.execute(...args)) };
      return {
        run: (body) =>
          repeats(retries)
            .execute(() => asking.execute(body))
            .catch(() => undefined),
        attempts: () => attempts,
      };
    },
  };
}

async function opossum() {
  const { default: CircuitBreaker } = await import(new URL('opossum/index.js', FOLDER).href);
  const by = (options) => {
    const circuit = new CircuitBreaker((body) => body({}), { timeout: false, ...options });
    return { run: (body) => circuit.fire(body), state: () => (circuit.halfOpen ? 'halfOpen' : circuit.opened ? 'open' : 'closed') };
  };
  return {
    breaker: ({ failures, delayMs, isNeutral }) =>
      by({ volumeThreshold: failures, resetTimeout: delayMs, ...(isNeutral && { errorFilter: isNeutral }) }),
    // What has no place is refused: it has no queue. A caller cannot give up, and there is nothing that repeats.
    timedPlaces: (ms, places) => by({ timeout: ms, capacity: places, volumeThreshold: 1000 }),
  };
}

/** `since`: the oldest Node that it supports. */
const PEERS = [
  { name: 'cockatiel 3.2.1', since: 16, load: () => cockatiel('cockatiel') },
  { name: 'cockatiel 4.0.0', since: 22, load: () => cockatiel('cockatiel-4') },
  { name: 'opossum 9.0.0', since: 20, load: opossum },
];

/** Those that this Node can run; `skipped`: which cannot, and why. */
export async function loadPeers() {
  const major = Number(process.versions.node.split('.')[0]);
  const loaded = [];
  const skipped = [];
  for (const { name, since, load } of PEERS) {
    if (major < since) skipped.push(`${name} needs Node ${since}, and this is ${process.version}`);
    else loaded.push({ name, ...(await load()) });
  }
  return { loaded, skipped };
}
