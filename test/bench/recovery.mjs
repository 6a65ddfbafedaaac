import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { sqliteStore } from '@redress/sqlite';
import { interleave, rate, ratio, row, whole } from './measure.mjs';
import { killFirst, LEASE_MS, STEP_MS, STEPS } from './recovery-kill.mjs';
import { findRedis, startRedis } from './servers.mjs';

const WIDTHS = [1, 16, 128];
const script = (name) => fileURLToPath(new URL(name, import.meta.url));

export async function run(print, { quick }) {
  const folder = mkdtempSync(join(tmpdir(), 'redress-recovery-'));
  try {
    await killOneOfTwo(print, folder, quick);
    print();
    await killOneOfThree(print, folder, quick);
    print();
    await thereAndBack(print, folder, quick);
    print();
    parkedRuns(print, folder, quick);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From the kill of one of two processes to the end of all runs. */
async function killOneOfTwo(print, folder, quick) {
  const runs = quick ? 200 : 1_000;
  print(
    `Two processes on one SQLite file with ${whole(runs)} runs in flight, ${STEPS} steps of ${STEP_MS} ms each; one is killed with SIGKILL`,
  );
  print(`when the last run has begun. Lease ${LEASE_MS} ms. A step is executed again where its outcome was not durable.`);
  print();
  await kills(print, (atATime) => {
    const place = join(folder, `kill-${atATime}`);
    return killFirst({ place, store: { file: `${place}.db` }, shares: [runs / 2, runs / 2], atATime });
  });
}

/** The same with Redis and three processes, of which one had all runs. */
async function killOneOfThree(print, folder, quick) {
  const server = findRedis();
  if (server.reason) return print(`Left out: the same on Redis: ${server.reason}.`);
  const runs = quick ? 200 : 1_000;
  print(
    `Three processes on one Redis server (${server.version}, appendfsync everysec), ${whole(runs)} runs in flight in one of them, which is killed; the same`,
  );
  print(`${2.5 * STEP_MS} ms after the last run has begun; the same steps and the same lease. The two others find them.`);
  print();
  await kills(print, async (atATime) => {
    const redis = await startRedis(server, 'everysec');
    try {
      return await killFirst({
        place: join(folder, `redis-${atATime}`),
        store: { url: redis.url },
        shares: [runs, 0, 0],
        atATime,
        afterMs: 2.5 * STEP_MS,
      });
    } finally {
      await redis.stop();
    }
  });
}

async function kills(print, kill) {
  const widths = [20, 13, 15, 15, 22, 16, 26];
  const titles = ['recovered at a time', 'ended before', 'kill to end, s', 'minus lease, s', 'steps executed again', 'runs in flight'];
  print(row([...titles, 'recorded, executed again'], widths));
  for (const atATime of [128, 1_000]) {
    const { inFlight, endedBefore, ms, again, most, recorded, violations } = await kill(atATime);
    const times = [(ms / 1000).toFixed(2), ((ms - LEASE_MS) / 1000).toFixed(2)];
    const counts = [`${whole(again)}, at most ${most} a run`, whole(inFlight), `${whole(violations)} of ${whole(recorded)}`];
    print(row([atATime === 128 ? '128 (default)' : whole(atATime), whole(endedBefore), ...times, ...counts], widths));
  }
  print(
    'Last column: of the steps whose outcome was in the journal before the kill, those of which a body began after its outcome was written.',
  );
}

/** The same saga of three steps, done and undone. */
async function thereAndBack(print, folder, quick) {
  const undo = async () => {};
  const step = (name) =>
    defineStep(name, { compensate: undo, undo: { total: true } }, async (order) => ({ ok: true, id: `${name}-${String(order)}` }));
  const steps = ['reserve', 'charge', 'ship'].map(step);
  const all = async (run, order) => {
    for (const one of steps) await run.step(one, order);
    return order;
  };
  const done = defineSaga('done', { id: (order) => order }, all);
  const undone = defineSaga('undone', { id: (order) => order }, async (run, order) => {
    await all(run, order);
    throw new Error('not this time');
  });
  const open = (store) => {
    const runtime = createRuntime({ store, sagas: [done, undone], steps, worker: false });
    let used = 0;
    const perSecond = (saga, total, width) => rate(total, width, () => runtime.run(saga, [`o-${used++}`]).catch(() => {}));
    return { runtime, perSecond };
  };
  const [memory, sqlite] = [open(memoryStore()), open(sqliteStore(join(folder, 'back.db')))];
  print('A saga of 3 steps, done (4 commits), and done and then undone because its body throws (7 commits): sagas/s, medians.');
  print();
  const widths = [10, 14, 16, 8, 14, 16, 8];
  print(row(['at a time', 'memory done', 'memory undone', '×', 'sqlite done', 'sqlite undone', '×'], widths));
  for (const width of WIDTHS) {
    const total = (quick ? 200 : 1_000) * (width === 1 ? 1 : 4);
    const contenders = {
      memoryDone: () => memory.perSecond(done, total, width),
      memoryUndone: () => memory.perSecond(undone, total, width),
      sqliteDone: () => sqlite.perSecond(done, total / 2, width),
      sqliteUndone: () => sqlite.perSecond(undone, total / 2, width),
    };
    const { memoryDone, memoryUndone, sqliteDone, sqliteUndone } = await interleave(contenders, quick ? 1 : 5);
    const inMemory = [whole(memoryDone), whole(memoryUndone), ratio(memoryDone / memoryUndone)];
    print(row([width, ...inMemory, whole(sqliteDone), whole(sqliteUndone), ratio(sqliteDone / sqliteUndone)], widths));
  }
  for (const { runtime } of [memory, sqlite]) await runtime.stop();
  await sqlite.runtime.store.close();
}

/** What a run that sleeps costs the process that started it. */
function parkedRuns(print, folder, quick) {
  const runs = quick ? 2_000 : 10_000;
  print(`${whole(runs)} runs that have done one step and sleep for 30 days, in the process that started them, after garbage collection:`);
  print();
  const widths = [10, 18, 19, 16];
  print(row(['store', 'RSS per run, B', 'heap per run, B', 'RSS whole, MB'], widths));
  for (const kind of ['sqlite', 'memory']) {
    const told = JSON.stringify({ kind, file: join(folder, 'parked.db'), runs });
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', script('parked-child.mjs'), told], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`The process with sleeping runs ended with ${status}: ${stderr}`);
    const { rss, heap, total } = JSON.parse(stdout);
    print(row([kind, whole(rss), whole(heap), whole(total / 2 ** 20)], widths));
  }
  print('The memory store keeps the journals themselves in this process; with SQLite they are in the file.');
}
