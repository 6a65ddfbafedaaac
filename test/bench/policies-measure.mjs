// The time of many calls in one process: in turns, by its own CPU, garbage included, so that others on the machine do not count.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './measure.mjs';

setFlagsFromString('--expose-gc');
export const collect = runInNewContext('gc');

async function once(fn, calls) {
  // What the collector throws away when it is asked is code as well: each turn warms up again.
  collect();
  for (let i = 0; i < calls; i++) await fn(i);
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) await fn(i);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

/** Nanoseconds per call: `{ name: [fn, part of `calls`] }` → name → median. The first round is not counted. */
export async function nanoseconds(contenders, calls, rounds) {
  const all = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, [fn, part]] of Object.entries(contenders)) {
      const ns = await once(fn, Math.ceil(calls * part));
      if (round >= 0) all[name].push(ns);
    }
  }
  return Object.fromEntries(Object.entries(all).map(([name, each]) => [name, median(each)]));
}

/** For those who handle what they are rejected with. */
export const caught =
  (fn) =>
  (...args) =>
    fn(...args).catch(() => 0);
