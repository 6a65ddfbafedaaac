import { bulkhead, circuitBreaker, fallback, guard, retry, timeout } from '@redress/core';
import { interleave, ratio, row, whole } from './measure.mjs';

const CALLS = 300_000;
const KEYS = 10_000;

/** Calls per second of this process's own time, garbage collection included: others on the machine do not count. */
const calls = (fn, total) => async () => {
  const started = process.cpuUsage();
  for (let i = 0; i < total; i++) await fn(i);
  const { user, system } = process.cpuUsage(started);
  return (total / (user + system)) * 1e6;
};

/** cockatiel with the same policies, when somebody has put it within reach: `npm i --no-save cockatiel@3.2.1`. */
async function cockatiel(body) {
  try {
    const peer = await import('cockatiel');
    const repeats = peer.retry(peer.handleAll, { maxAttempts: 3, backoff: new peer.ExponentialBackoff() });
    const breaker = peer.circuitBreaker(peer.handleAll, {
      halfOpenAfter: 5000,
      breaker: new peer.CountBreaker({ threshold: 0.5, size: 20 }),
    });
    const three = peer.wrap(repeats, breaker, peer.bulkhead(10, 10));
    const four = peer.wrap(repeats, breaker, peer.timeout(1000, peer.TimeoutStrategy.Aggressive), peer.bulkhead(10, 10));
    return {
      'cockatiel: those three': (n) => three.execute(() => body(n)),
      'cockatiel: and a time-out': (n) => four.execute(() => body(n)),
    };
  } catch {
    return {};
  }
}

/** What 10 000 circuits that are not used cost. */
async function idleCircuits() {
  const breaker = circuitBreaker({ key: (host) => host, maxKeys: KEYS });
  const call = guard(async () => 1, breaker);
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < KEYS; i++) await call(`host-${i}`);
  globalThis.gc?.();
  return { bytes: process.memoryUsage().heapUsed - before, state: breaker.state('host-0') };
}

export async function run(print, { quick }) {
  const body = async (n) => n + 1;
  const [total, rounds] = quick ? [CALLS / 3, 5] : [CALLS, 9];
  const three = () => [retry(), circuitBreaker(), bulkhead()];
  const open = circuitBreaker();
  open.isolate();
  const contenders = {
    'the bare method': body,
    'no policy': guard(body),
    retry: guard(body, retry()),
    'retry, breaker, bulkhead': guard(body, ...three()),
    'and a time-out': guard(body, ...three(), timeout(1000)),
    'and a fallback': guard(body, ...three(), timeout(1000), fallback({ value: 0 })),
    'and a time for all': guard(body, ...three(), timeout(1000), fallback({ value: 0 }), timeout({ value: 5000, scope: 'total' })),
    'an open circuit': (
      (call) => (n) =>
        call(n).catch(() => 0)
    )(guard(body, open)),
    ...(await cockatiel(body)),
  };
  // A deadline enters an AsyncLocalStorage, which everything after it in the process pays for: it goes last, and alone.
  const { 'and a time for all': last, ...others } = contenders;
  const timed = (all) => Object.fromEntries(Object.entries(all).map(([name, fn]) => [name, calls(fn, total)]));
  const rates = await interleave(timed(others), rounds);
  const idle = await idleCircuits();
  const after = await interleave(timed({ 'the bare method': body, 'and a time for all': last }), rounds);
  const widths = [28, 14, 10, 10];
  print(row(['guard(), one call at a time', 'calls/CPU s', 'ns', 'x bare'], widths));
  const show = (name, rate, bare) => print(row([name, whole(rate), whole(1e9 / rate), ratio(bare / rate)], widths));
  for (const [name, rate] of Object.entries(rates)) show(name, rate, rates['the bare method']);
  print();
  print('With a deadline, and so with an AsyncLocalStorage:');
  for (const [name, rate] of Object.entries(after)) show(name, rate, after['the bare method']);
  print();
  print(
    globalThis.gc
      ? `${whole(KEYS)} circuits that are not used: ${ratio(idle.bytes / 2 ** 20)} MiB, no timer.`
      : 'Memory is measured with node --expose-gc only.',
  );
  if (!rates['cockatiel: those three']) print('cockatiel was not there to compare with.');
}
