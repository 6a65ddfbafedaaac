// npm run bench -- sagas: the order saga and its failing variant, by ours, by what the machine can do, and by others. Every
// contender is a process of its own; in each round each of them has its turn, and the others are stopped meanwhile.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Contender } from './contender.mjs';
import { CONTENDERS } from './contenders.mjs';
import { median } from './measure.mjs';
import { installPeers } from './peers.mjs';
import { printContenders, printTables, VARIANTS, WIDTHS } from './sagas-print.mjs';
import { printVerdicts } from './sagas-verdicts.mjs';
import { findPostgres, findRedis, startPostgres, startRedis } from './servers.mjs';
import { shapes } from './shape.mjs';

const STEPS = [1, 3, 10];
/** The other one of a pair decides as well whether a limit is reached, so both are wanted. */
const MOST_SAGAS = 20_000;

export async function run(print, { quick, only }) {
  const folder = mkdtempSync(join(tmpdir(), 'redress-sagas-'));
  const [started, servers] = [[], []];
  try {
    const wanted = chosen(only);
    const skipped = [];
    const machine = { redis: findRedis(), postgres: findPostgres(), peers: undefined, shape: await shapes() };
    if (wanted.some(({ peer }) => peer)) machine.peers = installPeers(print);
    for (const entry of wanted) {
      try {
        started.push(await start(entry, machine, folder, servers));
      } catch (error) {
        skipped.push({ ...entry, reason: String(error?.message ?? error).split('\n')[0] });
      }
    }
    printContenders(print, { started, skipped, machine });
    const results = await measureAll(started, quick, skipped);
    printTables(print, { started, results, rounds: quick ? 1 : 5 });
    const ours = started.find(({ key }) => key === 'redis');
    const trips = ours && results.has('redis') ? await roundTrips(ours) : [];
    printVerdicts(print, { results, trips, shape: machine.shape });
    for (const { title, reason } of skipped) print(`Left out: ${title}: ${reason}.`);
  } finally {
    await Promise.allSettled(started.map((one) => one.close()));
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosen(only) {
  if (!only) return CONTENDERS;
  const keys = only.split(',');
  const unknown = keys.filter((key) => !CONTENDERS.some((one) => one.key === key));
  if (unknown.length > 0)
    throw new Error(`There is no contender ${unknown.join(', ')}. There are: ${CONTENDERS.map((one) => one.key).join(', ')}.`);
  return CONTENDERS.filter(({ key }) => keys.includes(key));
}

/** Starts what the contender needs, a server of its own for each, and then its process. @throws with the reason when that fails. */
async function start(entry, { redis, postgres, peers, shape }, folder, servers) {
  const settings = { ...entry.settings, shape };
  let server;
  if (entry.peer && peers.reason) throw new Error(peers.reason);
  if (entry.appendfsync) {
    if (redis.reason) throw new Error(redis.reason);
    server = await startRedis(redis, entry.appendfsync);
    servers.push(server);
    Object.assign(settings, { url: server.url, port: server.port, durability: entry.appendfsync });
  }
  if (entry.postgres) {
    if (postgres.reason) throw new Error(postgres.reason);
    const cluster = await startPostgres(postgres);
    servers.push(cluster);
    settings.url = cluster.create('bench');
  }
  if (entry.file) settings.file = join(folder, `${entry.key}.db`);
  if (entry.folder) settings.folder = join(folder, entry.key);
  const one = await Contender.start({ ...entry, settings, server });
  one.title = entry.title;
  return one;
}

/** By contender, width and variant: the medians of the rounds. A contender that fails on the way is left out from there on. */
async function measureAll(started, quick, skipped) {
  const rounds = quick ? 1 : 5;
  const results = new Map();
  const failed = new Set();
  const fail = (one, place, error) => {
    failed.add(one);
    skipped.push({ title: one.title, reason: `${place}: ${String(error.message).split('\n')[0]}` });
  };
  for (const one of started) await heat(one).catch((error) => fail(one, 'while it warmed up', error));
  for (const width of WIDTHS) {
    for (const variant of VARIANTS) {
      const totals = new Map();
      const found = new Map(started.map((one) => [one, []]));
      for (let round = -1; round < rounds; round++) {
        for (const one of started) {
          if (failed.has(one)) continue;
          try {
            if (round < 0) totals.set(one, await warmUp(one, width, variant, quick ? 300 : 1_000));
            else found.get(one).push(await one.measure({ total: totals.get(one), width, variant }));
          } catch (error) {
            fail(one, `at ${width}, ${variant}`, error);
          }
        }
      }
      for (const one of started) {
        if (failed.has(one)) continue;
        const of = results.get(one.key) ?? {};
        results.set(one.key, { ...of, [`${width} ${variant}`]: medians(found.get(one)) });
      }
    }
  }
  return results;
}

/** Two seconds of both variants before the first turn: compiled code is what runs for days. */
async function heat(one) {
  const until = performance.now() + 2_000;
  while (performance.now() < until) for (const variant of VARIANTS) await one.measure({ total: 256, width: 16, variant });
}

/**
 * Warms up at this width for four turns, and finds how many sagas fill a turn: 2,000 of ours on Redis, one at a time, cost twice
 * the CPU after 4,000 of them 16 at a time that they cost later.
 */
async function warmUp(one, width, variant, turnMs) {
  const least = Math.max(width * 2, 8);
  const until = performance.now() + 4 * turnMs;
  let total = least;
  for (;;) {
    const { rate } = await one.measure({ total, width, variant });
    const wanted = Math.round(Math.min(MOST_SAGAS, Math.max(least, (rate * turnMs) / 1_000)));
    if (total * 2 >= wanted && performance.now() >= until) return wanted;
    total = Math.min(wanted, total * 8);
  }
}

function medians(rounds) {
  const of = (pick) => median(rounds.map(pick));
  const [first] = rounds;
  const redis = first.redis && Object.fromEntries(Object.keys(first.redis).map((name) => [name, of((one) => one.redis[name])]));
  return { rate: of((one) => one.rate), p50: of((one) => one.p50), p99: of((one) => one.p99), cpuUs: of((one) => one.cpuUs), redis };
}

/** Scripts that the server has run for sagas of N steps, and what of them our store was asked for by name. */
async function roundTrips(ours) {
  const found = [];
  for (const steps of STEPS) {
    const { redis, verbs } = await ours.measure({ total: 200, width: 1, variant: `steps-${steps}` });
    found.push({ steps, sagas: 200, scripts: Math.round(redis.evalsha * 200), verbs });
  }
  return found;
}
