// cockatiel and opossum with the same policies as ours, by their own documents.
import { installPeers } from './peers.mjs';
import { caught } from './policies-measure.mjs';

const FOLDER = new URL('../compared/peers/', import.meta.url);

export async function peers(print) {
  const { versions, reason } = installPeers(print, FOLDER);
  if (reason) return { reason };
  const load = (name) => import(new URL(`node_modules/${name}/${name === 'cockatiel' ? 'dist/' : ''}index.js`, FOLDER));
  return { versions, cockatiel: cockatiel(await load('cockatiel')), opossum: opossum((await load('opossum')).default) };
}

/** By the name of what stands beside it in our table. */
function cockatiel(peer) {
  const retry = (options = {}) => peer.retry(peer.handleAll, { maxAttempts: 3, backoff: new peer.ExponentialBackoff(), ...options });
  const breaker = () =>
    peer.circuitBreaker(peer.handleAll, { halfOpenAfter: 5000, breaker: new peer.CountBreaker({ threshold: 0.5, size: 20 }) });
  const timeout = () => peer.timeout(1000, peer.TimeoutStrategy.Aggressive);
  const around = (policy) => (body) => (n) => policy.execute(() => body(n));
  const three = () => [retry(), breaker(), peer.bulkhead(10, 10)];
  const four = () => peer.wrap(retry(), breaker(), timeout(), peer.bulkhead(10, 10));
  const isolated = breaker();
  isolated.isolate();
  const permanent = peer.retry(
    peer.handleWhen((error) => !(error instanceof TypeError)),
    { maxAttempts: 3 },
  );
  return {
    retry: around(retry()),
    breaker: around(breaker()),
    timeout: around(timeout()),
    bulkhead: around(peer.bulkhead(10, 10)),
    three: around(peer.wrap(...three())),
    four: around(four()),
    fallback: around(peer.wrap(peer.fallback(peer.handleAll, 0), four())),
    open: (body) => caught(around(isolated)(body)),
    failed: (body) => caught(around(peer.wrap(permanent, peer.circuitBreaker(peer.handleAll, never(peer)), peer.bulkhead(10, 10)))(body)),
    repeated: around(retry({ backoff: new peer.ConstantBackoff(0) })),
  };
}

/** So that failures do not open it. */
const never = (peer) => ({ halfOpenAfter: 5000, breaker: new peer.ConsecutiveBreaker(Infinity) });

/** One class does all that it has: a circuit breaker with a time-out and a number of places. It has no retry. */
function opossum(CircuitBreaker) {
  const made = (options) => (body) => {
    const circuit = new CircuitBreaker(body, options);
    // Its windows have timers.
    circuits.push(circuit);
    return (n) => circuit.fire(n);
  };
  const circuits = [];
  return {
    breaker: made({ timeout: false }),
    timeout: made({ timeout: 1000 }),
    bulkhead: made({ timeout: false, capacity: 10 }),
    open: (body) => {
      const call = made({ timeout: false })(body);
      circuits.at(-1).open();
      return caught(call);
    },
    stop: () => circuits.forEach((circuit) => circuit.shutdown()),
  };
}
