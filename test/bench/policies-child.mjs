// What enters an AsyncLocalStorage makes every promise of its process dearer on Node 20 and 22: it is measured in a process of its own.
import { guard, redundant, retry, timeout } from '@redress/core';
import { nanoseconds } from './policies-measure.mjs';
import { peers } from './policies-peers.mjs';

const [kind, calls, rounds] = process.argv.slice(2);
const body = async (n) => n + 1;
const three = async (n) => (await Promise.all([body(n), body(n), body(n)]))[0];
const lost = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
/** The first attempts of a turn fail, their repetitions do not. */
function flaky() {
  let failed = 0;
  return async (n) => {
    if (failed < WIDTH && ++failed) throw lost;
    if (++failed === 2 * WIDTH) failed = 0;
    return n + 1;
  };
}

/** So many at a time: all of them share the millisecond of their pause. */
const WIDTH = 64;
const wide = (fn) => (n) => Promise.all(Array.from({ length: WIDTH }, () => fn(n)));

async function repeated() {
  const { cockatiel } = await peers(() => undefined);
  return {
    guarded: [wide(guard(flaky(), retry({ maxRetries: 1, delay: 0, retryOn: [() => true], budget: false }))), 0.004],
    ...(cockatiel && { cockatiel: [wide(cockatiel.repeated(flaky())), 0.004] }),
  };
}

const contenders = await {
  plain: { bare: [body, 1], three: [three, 0.2] },
  deadline: { bare: [body, 1], guarded: [guard(body, retry(), timeout({ value: 5000, scope: 'total' })), 0.2] },
  redundant: { bare: [body, 1], three: [three, 0.2], guarded: [redundant([(n) => body(n), (n) => body(n), (n) => body(n)]), 0.2] },
  repeated: kind === 'repeated' && repeated(),
}[kind];
const found = await nanoseconds(contenders, Number(calls), Number(rounds));
if (kind === 'repeated') for (const name of Object.keys(found)) found[name] /= WIDTH;
console.log(JSON.stringify(found));
