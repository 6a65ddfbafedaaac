// Kills the first of several processes with runs in flight, and looks at what the others have made of them.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { createRuntime } from '@redress/core';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';

export const LEASE_MS = 2_000;
export const STEP_MS = 200;
export const STEPS = 5;
const CHILD = fileURLToPath(new URL('recovery-child.mjs', import.meta.url));
const NAMES = ['a', 'b', 'c'];

/** `shares`: how many runs each process starts. `store`: `{ file }` of SQLite or `{ url }` of Redis. `afterMs`: after the last start. */
export async function killFirst({ place, store, shares, atATime, afterMs = 0 }) {
  const all = shares.reduce((sum, n) => sum + n, 0);
  const children = shares.map((runs, i) => {
    const told = { ...store, log: `${place}.${NAMES[i]}.log`, name: NAMES[i], runs, leaseMs: LEASE_MS, stepMs: STEP_MS, atATime };
    return started(told);
  });
  const until = (holds) =>
    new Promise((resolve, reject) => {
      for (const one of children) {
        one.onNews = () => holds() && resolve();
        one.child.once('exit', (code, signal) => signal === 'SIGKILL' || reject(new Error(`a process ended with ${signal ?? code}`)));
      }
      if (holds()) resolve();
    });
  await until(() => children.every((one, i) => one.told && one.started === shares[i]));
  await pause(afterMs);
  const ended = () => children.reduce((sum, one) => sum + one.ended, 0);
  const [endedBefore, killedAt, killedDate] = [ended(), performance.now(), Date.now()];
  const [first, ...others] = children;
  first.child.kill('SIGKILL');
  await until(() => ended() >= all);
  const ms = performance.now() - killedAt;
  for (const { child } of others) {
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.send('stop');
    await gone;
  }
  const begun = linesOf(shares.map((_, i) => `${place}.${NAMES[i]}.log`));
  const proof = await judged(store, shares, begun, killedDate);
  return { inFlight: all - endedBefore, endedBefore, ms, ...again(begun), ...proof };
}

function started(told) {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(told)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const one = { child, told: false, started: 0, ended: 0, onNews: () => {} };
  child.on('message', (news) => {
    Object.assign(one, news, { told: true });
    one.onNews();
  });
  return one;
}

/** When the bodies of each step began, by the step's key. */
function linesOf(logs) {
  const begun = new Map();
  for (const log of logs.filter((one) => existsSync(one))) {
    for (const line of readFileSync(log, 'utf8').trim().split('\n')) {
      const [key, at] = line.split(' ');
      begun.set(key, [...(begun.get(key) ?? []), Number(at)]);
    }
  }
  return begun;
}

function again(begun) {
  const perRun = new Map();
  for (const [key, times] of begun) perRun.set(key.split('~')[0], (perRun.get(key.split('~')[0]) ?? 0) + times.length - 1);
  return { again: [...perRun.values()].reduce((sum, times) => sum + times, 0), most: Math.max(...perRun.values()) };
}

/** The journals themselves say when each outcome was written: no body of that step may have begun after it. */
async function judged({ file, url }, shares, begun, killedDate) {
  const store = url ? await redisStore({ url }) : sqliteStore(file);
  const runtime = createRuntime({ store, worker: false });
  let [recorded, violations] = [0, 0];
  for (const [i, runs] of shares.entries()) {
    for (let run = 0; run < runs; run++) {
      const { status, steps } = await runtime.admin.show('long', `${NAMES[i]}-${run}`);
      if (status !== 'completed' || steps.length !== STEPS) throw new Error(`${NAMES[i]}-${run} is ${status} after ${steps.length} steps`);
      for (const { key, outcome, endedAt } of steps) {
        const times = begun.get(key);
        if (outcome !== 'done' || !times) throw new Error(`${key} is ${outcome}, and ${times ? 'was' : 'was not'} executed`);
        if (endedAt < killedDate) recorded += 1;
        if (times.some((at) => at > endedAt)) violations += 1;
      }
    }
  }
  await runtime.stop();
  await store.close();
  return { recorded, violations };
}
