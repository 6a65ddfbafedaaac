import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bulkhead, circuitBreaker, fallback, guard, rateLimit, retry, timeout } from '@redress/core';
import { ratio, row, whole } from './measure.mjs';
import { caught, collect, nanoseconds } from './policies-measure.mjs';
import { peers } from './policies-peers.mjs';

const CALLS = 80_000;
const KEYS = 10_000;
const WIDTHS = [42, 9, 9, 12, 9, 12, 9];

const body = async (n) => n + 1;
const settled = Promise.resolve();
const awaiting = async (n) => {
  await settled;
  return n + 1;
};
const wrong = new TypeError('no such account');
const failing = async () => {
  throw wrong;
};

const three = () => [retry(), circuitBreaker(), bulkhead()];
const isolated = circuitBreaker();
isolated.isolate();

/** [what is shown, body, how it is called, name of the peers' counterpart] */
const ROWS = [
  ['the bare call', body, body],
  ['no policy', body, guard(body)],
  ['retry', body, guard(body, retry()), 'retry'],
  ['breaker', body, guard(body, circuitBreaker()), 'breaker'],
  ['bulkhead', body, guard(body, bulkhead()), 'bulkhead'],
  ['rate limit', body, guard(body, rateLimit({ value: 1e9 }))],
  ['time-out', body, guard(body, timeout(1000)), 'timeout'],
  ['retry, breaker, bulkhead', body, guard(body, ...three()), 'three'],
  ['and a time-out', body, guard(body, ...three(), timeout(1000)), 'four'],
  ['and a fallback', body, guard(body, ...three(), timeout(1000), fallback({ value: 0 })), 'fallback'],
];

/** With the least that a body does which has a reason to be asynchronous. */
const AWAITING = [
  ['a bare call that awaits once', awaiting, awaiting],
  ['retry, breaker, bulkhead', awaiting, guard(awaiting, ...three()), 'three'],
  ['and a time-out', awaiting, guard(awaiting, ...three(), timeout(1000)), 'four'],
];

/** Apart from the others: what they throw would take their optimised code from them. */
const FAILURES = [
  ['the bare call', body, body],
  ['a bare call that fails', failing, caught(failing)],
  ['retry, breaker, bulkhead, not repeated', failing, caught(guard(failing, ...neverOpen())), 'failed'],
  ['an open circuit', body, caught(guard(body, isolated)), 'open'],
];

function neverOpen() {
  return [retry(), circuitBreaker({ window: 'consecutive', requestVolumeThreshold: 1e9 }), bulkhead()];
}

/** Ours and theirs in one process, in turns. */
async function compare(print, rows, { cockatiel = {}, opossum = {} }, calls, rounds) {
  const contenders = {};
  for (const [i, [, plain, ours, counterpart]] of rows.entries()) {
    contenders[`${i} ours`] = [ours, 1];
    // They are so much slower that a fifth of the calls is enough.
    if (cockatiel[counterpart]) contenders[`${i} cockatiel`] = [cockatiel[counterpart](plain), 0.2];
    if (opossum[counterpart]) contenders[`${i} opossum`] = [opossum[counterpart](plain), 0.2];
  }
  const ns = await nanoseconds(contenders, calls, rounds);
  print(row(['guard(), one call at a time', 'ns', 'x bare', 'cockatiel', 'ours is', 'opossum', 'ours is'], WIDTHS));
  for (const [i, [name]] of rows.entries()) {
    const own = ns[`${i} ours`];
    const beside = (peer) => (ns[`${i} ${peer}`] ? [whole(ns[`${i} ${peer}`]), `1/${ratio(ns[`${i} ${peer}`] / own)}`] : ['', '']);
    print(row([name, whole(own), ratio(own / ns['0 ours']), ...beside('cockatiel'), ...beside('opossum')], WIDTHS));
  }
}

function child(kind, calls, rounds) {
  const script = fileURLToPath(new URL('policies-child.mjs', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [script, kind, calls, rounds], { encoding: 'utf8' });
  return JSON.parse(stdout);
}

/** What 10,000 circuits that are not used cost. */
async function idleCircuits() {
  const breaker = circuitBreaker({ key: (host) => host, maxKeys: KEYS });
  const call = guard(async () => 1, breaker);
  await call('warm');
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < KEYS; i++) await call(`host-${i}`);
  collect();
  return { bytes: process.memoryUsage().heapUsed - before, state: breaker.state('host-0') };
}

export async function run(print, { quick }) {
  const [calls, rounds] = quick ? [CALLS / 2, 5] : [CALLS, 9];
  const others = await peers(print);
  print(others.reason ?? `Beside cockatiel ${others.versions.cockatiel} and opossum ${others.versions.opossum}, in one process, in turns.`);
  print();
  await compare(print, ROWS, others, calls, rounds);
  print();
  await compare(print, AWAITING, others, calls, rounds);
  print();
  await compare(print, FAILURES, others, calls, rounds);
  others.opossum?.stop();
  print();
  const repeated = child('repeated', calls, rounds);
  print('A call that fails, is repeated at once and succeeds, 64 at a time, in a process of its own:');
  print(row(['', 'ns', '', 'cockatiel', 'ours is'], WIDTHS));
  const { cockatiel } = repeated;
  const beside = cockatiel ? [whole(cockatiel), `1/${ratio(cockatiel / repeated.guarded)}`] : [];
  print(row(['retry', whole(repeated.guarded), '', ...beside], WIDTHS));
  print();
  print('With an AsyncLocalStorage, each in a process of its own; "bare" is what a bare call costs in that process:');
  const plain = child('plain', calls, rounds);
  print(row(['', 'ns', 'bare', 'x bare', 'x unentered bare'], [42, 9, 9, 9, 18]));
  const show = (name, ns, bare) => print(row([name, whole(ns), whole(bare), ratio(ns / bare), ratio(ns / plain.bare)], [42, 9, 9, 9, 18]));
  const deadline = child('deadline', calls, rounds);
  show('retry, and a time for all attempts', deadline.guarded, deadline.bare);
  const redundant = child('redundant', calls, rounds);
  show('three bare copies with Promise.all', redundant.three, redundant.bare);
  show('redundant(), three replicas', redundant.guarded, redundant.bare);
  print();
  const idle = await idleCircuits();
  print(`${whole(KEYS)} circuits that are not used: ${ratio(idle.bytes / 2 ** 20)} MiB, no timer.`);
}
