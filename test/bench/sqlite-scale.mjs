import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createRuntime } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { interleave, rate, ratio, row, whole } from './measure.mjs';
import { countOf, makeDue, multiply } from './sqlite-file.mjs';
import { charge, heavy, large, nap, place, reserve, ship } from './sqlite-scale-sagas.mjs';

const WIDTH = 128;
const CHILD = fileURLToPath(new URL('sqlite-scale-child.mjs', import.meta.url));

export async function run(print, { quick }) {
  const folder = mkdtempSync(join(tmpdir(), 'redress-scale-'));
  try {
    await finishedRuns(print, folder, quick);
    print();
    await claims(print, join(folder, 'parked.db'), quick);
    print();
    for (const processes of [1, 2]) await drain(print, join(folder, `due-${processes}.db`), processes, quick);
    print();
    await eventLoop(print, join(folder, 'loop.db'), quick);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function opened(file) {
  const store = sqliteStore(file);
  const runtime = createRuntime({ store, sagas: [place, nap, heavy], steps: [reserve, charge, ship, large], worker: false });
  const close = async () => {
    await runtime.stop();
    await store.close();
  };
  const perSecond = (total, width) => rate(total, width, () => runtime.run(place, [randomUUID(), 1999]));
  return { store, runtime, close, perSecond };
}

/** A file in which so many runs have ended. */
async function withFinished(file, count) {
  const one = opened(file);
  await one.runtime.run(place, ['first', 1999]);
  await one.close();
  if (count > 1) multiply(file, 'place-order/first', count - 1);
}

async function finishedRuns(print, folder, quick) {
  const counts = quick ? [0, 1_000, 20_000] : [0, 10_000, 1_000_000];
  const total = quick ? 512 : 4_096;
  const stores = [];
  for (const count of counts) {
    const file = join(folder, `finished-${count}.db`);
    await withFinished(file, count);
    stores.push({ count, bytes: statSync(file).size, ...opened(file) });
  }
  print(`Sagas of 3 steps, ${WIDTH} at a time, under ids of chance, in files with finished runs; medians of interleaved rounds.`);
  print();
  const contenders = Object.fromEntries(stores.map(({ count, perSecond }) => [count, () => perSecond(total, WIDTH)]));
  const medians = await interleave(contenders, quick ? 1 : 7);
  const widths = [16, 12, 14, 22];
  print(row(['finished runs', 'sagas/s', 'of empty file', 'bytes a finished run'], widths));
  for (const { count, bytes } of stores) {
    const each = count === 0 ? '' : whole(bytes / count);
    print(row([whole(count), whole(medians[count]), ratio(medians[count] / medians[0]), each], widths));
  }
  for (const { close } of stores) await close();
}

function percentiles(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(3)} ms`;
  return [at(0.5), at(0.99)];
}

async function claims(print, file, quick) {
  const parked = quick ? 5_000 : 100_000;
  const { store, runtime, close } = opened(file);
  await runtime.start(nap, ['first', '30d']);
  while (countOf(file, 'running') === 0 || (await store.load('nap/first')).head.owner !== null) await pause(5);
  multiply(file, 'nap/first', parked - 1);
  const wanted = { owner: 'bench', kinds: ['saga'], names: ['nap'], leaseMs: 86_400_000, limit: 32 };
  const timed = async () => {
    const from = performance.now();
    const heads = await store.claim(wanted);
    return { ms: performance.now() - from, found: heads.length };
  };
  const [idle, busy] = [[], []];
  for (let i = 0; i < (quick ? 100 : 2_000); i++) idle.push((await timed()).ms);
  for (let i = 0; i < (quick ? 10 : 300); i++) {
    makeDue(file, 32, Date.now());
    const { ms, found } = await timed();
    if (found !== 32) throw new Error(`${found} of 32 were claimed.`);
    busy.push(ms);
  }
  await close();
  const widths = [34, 12, 12];
  print(row([`a claim with ${whole(parked)} parked`, 'p50', 'p99'], widths));
  print(row(['nothing due', ...percentiles(idle)], widths));
  print(row(['32 due, all of them taken', ...percentiles(busy)], widths));
}

async function drain(print, file, processes, quick) {
  const due = quick ? 500 : 10_000;
  const { runtime, close } = opened(file);
  let parked = 0;
  runtime.environment.events.on('run.parked', () => (parked += 1));
  await rate(due, 500, () => runtime.start(nap, [randomUUID(), '1s']));
  while (parked < due) await pause(10);
  await close();
  await pause(1_100);
  const children = Array.from({ length: processes }, () => fork(CHILD, [file]));
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('message', resolve))));
  const from = performance.now();
  for (const child of children) child.send('work');
  while (countOf(file, 'completed') < due) await pause(20);
  const ms = performance.now() - from;
  const shares = await Promise.all(
    children.map((child) => {
      const told = new Promise((resolve) => child.once('message', resolve));
      child.send('stop');
      return told;
    }),
  );
  const each = shares.map(({ ended }) => whole(ended)).join(' and ');
  print(`${whole(due)} due at once, ${processes} process(es): drained in ${(ms / 1000).toFixed(2)} s, by ${each}`);
}

async function eventLoop(print, file, quick) {
  const { runtime, perSecond, close } = opened(file);
  await perSecond(256, WIDTH);
  const during = async (work) => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await work();
    delay.disable();
    return [50, 99, 100].map((at) => `${(delay.percentile(at) / 1e6).toFixed(1)} ms`);
  };
  const widths = [34, 12, 12, 12];
  print(row(['event-loop delay, sampled at 1 ms', 'p50', 'p99', 'most'], widths));
  print(row([`${WIDTH} sagas at a time`, ...(await during(() => perSecond(quick ? 512 : 16_384, WIDTH)))], widths));
  const results = () => rate(quick ? 20 : 200, 1, () => runtime.run(heavy, [randomUUID()]));
  print(row(['one at a time, a result of 1 MB', ...(await during(results))], widths));
  await close();
}
