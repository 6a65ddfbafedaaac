// npm run bench -- scale: what becomes of the figures when there is much in the store, all on Redis with appendfsync everysec.
import { fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { redisStore } from '@redress/redis';
import { Contender } from './contender.mjs';
import { median, ratio, row, whole } from './measure.mjs';
import { fill, templates } from './scale-fill.mjs';
import { findRedis, startRedis } from './servers.mjs';

const MONTH_MS = 30 * 24 * 3_600_000;
const BATCH = 32;
const script = (name) => fileURLToPath(new URL(name, import.meta.url));
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const ms = (n) => n.toFixed(n < 10 ? 2 : 1);

export async function run(print, { quick }) {
  const found = findRedis();
  if (found.reason) return print(`Left out: ${found.reason}.`);
  const made = await templates();
  print(`redis-server ${found.version}, appendfsync everysec, a server for each part.`);
  print();
  await finishedRuns(print, found, made, quick);
  print();
  await claims(print, found, made, quick);
  print();
  await drains(print, found, made, quick);
  print();
  await loopDelay(print, found, quick);
}

/** A store that does not give up while the disk catches up with what was written at once. */
const patient = ({ url }) => redisStore({ url }, { commandTimeoutMs: 60_000 });

async function withServer(found, work) {
  const server = await startRedis(found, 'everysec');
  const store = await patient(server);
  try {
    return await work(server, store);
  } finally {
    await store.close();
    await server.stop();
  }
}

const ours = (server, title) =>
  Contender.start({ key: title, module: './contenders/ours.mjs', settings: { store: 'redis', url: server.url }, server });

/** Sagas per second beside finished ones, in turns, and what a finished one keeps of the server's memory. */
async function finishedRuns(print, found, made, quick) {
  const [few, many] = quick ? [1_000, 20_000] : [10_000, 1_000_000];
  const rounds = quick ? 1 : 5;
  const sizes = [0, few, many];
  const servers = [];
  const started = [];
  const bytes = [];
  try {
    for (const size of sizes) {
      const server = await startRedis(found, 'everysec');
      servers.push(server);
      const one = await ours(server, String(size));
      started.push(one);
      const { memory } = await server.stats();
      if (size === few) await one.measure({ total: few, width: 128, variant: 'done' });
      if (size === many) {
        const store = await patient(server);
        await fill(store, many, (i) => made.finished(`full-${i}`));
        await store.close();
      }
      bytes.push(size === 0 ? undefined : ((await server.stats()).memory - memory) / size);
    }
    print(
      `Sagas/s with so many finished runs in the store, medians of ${rounds} interleaved rounds. ${whole(few)}: real sagas; ${whole(many)}: written by`,
    );
    print(
      '`store.commit`, one commit a run with the entries and the head that a real one ends with. The runs of the measurement stay as well.',
    );
    print();
    const widths = [16, 12, 12, 12, 12, 24];
    const widest = [16, 128];
    print(row(['finished runs', ...widest.flatMap((width) => [`at ${width}`, 'of empty']), 'Redis memory a run, B'], widths));
    const rates = sizes.map(() => []);
    for (const width of widest) {
      const total = (quick ? 500 : 2_000) * (width / 16) ** 0.5;
      const all = sizes.map(() => []);
      for (let round = -1; round < rounds; round++) {
        for (const [i, one] of started.entries()) {
          const { rate } = await one.measure({ total: Math.round(total), width, variant: 'done' });
          if (round >= 0) all[i].push(rate);
        }
      }
      for (const [i, some] of all.entries()) rates[i].push(median(some));
    }
    for (const [i, size] of sizes.entries()) {
      const cells = rates[i].flatMap((rate, j) => [whole(rate), ratio(rate / rates[0][j])]);
      print(row([whole(size), ...cells, bytes[i] === undefined ? '–' : whole(bytes[i])], widths));
    }
    const worst = Math.min(...rates.flatMap((some) => some.map((rate, j) => rate / rates[0][j])));
    print(`${worst >= 0.9 ? 'holds ' : 'MISSED'}  within 10 % of the empty store: the worst is ${ratio(worst)}`);
  } finally {
    await Promise.allSettled(started.map((one) => one.close()));
    for (const server of servers) await server.stop();
  }
}

/** `store.claim` beside many runs that sleep. */
async function claims(print, found, made, quick) {
  const parked = quick ? 5_000 : 100_000;
  const [idle, full] = quick ? [100, 20] : [1_000, 200];
  await withServer(found, async (server, store) => {
    await fill(store, parked, (i) => made.parked(`done-${i}`, { wake: { inMs: MONTH_MS } }));
    const claim = { owner: 'bench', kinds: ['saga'], names: ['patient'], leaseMs: 10_000, limit: BATCH };
    const [nothing, due] = [[], []];
    for (let i = 0; i < idle; i++) {
      const started = performance.now();
      const heads = await store.claim(claim);
      nothing.push(performance.now() - started);
      if (heads.length > 0) throw new Error('nothing was due, and something was claimed');
    }
    for (let i = 0; i < full; i++) {
      await Promise.all(Array.from({ length: BATCH }, (_, j) => store.commit(made.parked(`due-${i}-${j}`, { wake: { inMs: 0 } }))));
      const started = performance.now();
      const heads = await store.claim(claim);
      due.push(performance.now() - started);
      if (heads.length !== BATCH) throw new Error(`${BATCH} were due, and ${heads.length} were claimed`);
      const sleep = ({ id, version, stamp }) =>
        store.commit({ id, expect: { version, stamp }, entries: [], head: { owner: null, wake: { inMs: MONTH_MS } } });
      await Promise.all(heads.map(sleep));
    }
    print(`\`store.claim\` of at most ${BATCH} beside ${whole(parked)} runs that sleep for 30 days:`);
    print();
    const widths = [16, 10, 10, 10];
    print(row(['due', 'times', 'p50, ms', 'p99, ms'], widths));
    for (const [name, some] of [
      ['nothing', nothing],
      [String(BATCH), due],
    ]) {
      some.sort((a, b) => a - b);
      print(row([name, whole(some.length), ms(at(some, 0.5)), ms(at(some, 0.99))], widths));
    }
  });
}

/** From the moment at which many runs fall due to the end of the last of them. */
async function drains(print, found, made, quick) {
  const runs = quick ? 1_000 : 10_000;
  print(
    `${whole(runs)} runs fall due at once, each left by a process that died after its first commit: three steps and four commits each, from`,
  );
  print('that moment to the end of the last one.');
  print();
  const widths = [18, 22, 10, 10];
  print(row(['worker processes', 'recovered at a time', 'time, s', 'runs/s'], widths));
  for (const [processes, most] of [
    [1, 128],
    [2, 128],
    [1, 1_000],
    [2, 1_000],
  ]) {
    const elapsed = await drain(found, made, runs, processes, most);
    print(
      row([processes, most === 128 ? '128 (default)' : whole(most), (elapsed / 1_000).toFixed(2), whole((runs / elapsed) * 1_000)], widths),
    );
  }
}

function drain(found, made, runs, processes, most) {
  return withServer(found, async (server, store) => {
    const [begun, here] = [await store.now(), performance.now()];
    // Long enough to write them all, and for the processes to come up.
    const inMs = Math.max(4_000, runs * 1.2);
    await fill(store, runs, (i) => made.begun(`done-${i}`, { wake: { at: begun + inMs } }));
    const children = Array.from({ length: processes }, () => {
      const child = fork(script('drain-child.mjs'), [JSON.stringify({ url: server.url, most })], { execArgv: ['--no-warnings'] });
      return { child, ended: 0 };
    });
    await Promise.all(children.map(({ child }) => new Promise((resolve) => child.once('message', resolve))));
    const dueAt = here + inMs;
    if (performance.now() > dueAt) throw new Error('the runs fell due before all of them were written');
    const last = new Promise((resolve, reject) => {
      for (const one of children) {
        one.child.on('exit', () => reject(new Error('a worker process ended')));
        one.child.on('message', ({ ended }) => {
          one.ended = ended;
          if (children.reduce((sum, { ended: n }) => sum + n, 0) >= runs) resolve(performance.now());
        });
      }
    });
    const elapsed = (await last) - dueAt;
    for (const { child } of children) {
      child.removeAllListeners('exit');
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.send('stop');
      await gone;
    }
    return elapsed;
  });
}

/** How long other work of the process waits for its turn. */
async function loopDelay(print, found, quick) {
  const server = await startRedis(found, 'everysec');
  const one = await ours(server, 'delay');
  try {
    await one.measure({ total: 2_000, width: 128, variant: 'done' });
    await pause(100);
    print('Delay of the event loop of a process that does nothing but sagas (perf_hooks, resolution 1 ms, which is taken off):');
    print();
    const widths = [40, 10, 10, 10, 10];
    print(row(['load', 'sagas/s', 'p50, ms', 'p99, ms', 'most, ms'], widths));
    const factor = quick ? 1 : 5;
    for (const [name, told] of [
      ['order sagas, 128 at a time', { total: 3_000 * factor, width: 128, variant: 'done' }],
      ['one step that answers 1 MB, 1 at a time', { total: 20 * factor, width: 1, variant: 'big' }],
      ['one step that answers 1 MB, 16 at a time', { total: 64 * factor, width: 16, variant: 'big' }],
    ]) {
      const { rate, delay } = await one.measure({ ...told, delay: true });
      print(row([name, whole(rate), ms(delay.p50), ms(delay.p99), ms(delay.max)], widths));
    }
  } finally {
    await one.close();
    await server.stop();
  }
}
