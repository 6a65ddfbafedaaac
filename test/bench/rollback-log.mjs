// What a message log costs, and a coordinated round: group commit against one sync each, appends over Redis against bare pipelining, round
// trips as the server counts them.
import { joinGroup, openMessageLog } from '@redress/core';
import { redisStore } from '@redress/redis';
import { sqliteStore } from '@redress/sqlite';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interleave, rate, ratio, row, whole } from './measure.mjs';
import { findRedis, startRedis } from './servers.mjs';

const PRODUCERS = 1_000;
const body = { sku: 'a-17', cents: 1_999, to: 'somebody' };

function counter(id) {
  let count = 0;
  const state = { id, capture: () => String(count), restore: (kept) => void (count = Number(kept ?? 0)) };
  return { state, handle: () => void (count += 1) };
}

async function openCounter(store, id) {
  const { state, handle } = counter(id);
  return openMessageLog({ store, state, handle, checkpointEvery: 1_000_000, maxPending: 100_000 });
}

/** Messages per second of a thousand producers that wait for each acknowledgement, and of one commit for each message. */
async function groupCommit(print, name, store, { quick, rounds }) {
  const log = await openCounter(store, `bench-${name}`);
  let [sequence, single] = [0, 0];
  const grouped = () => rate(quick ? 20_000 : 100_000, PRODUCERS, () => log.accept({ from: 'bench', sequence: ++sequence, body }));
  // One sync each: the same message as a commit of its own, one after the other.
  const id = `bench-single-${name}`;
  let head;
  const alone = () =>
    rate(quick ? 300 : 1_000, 1, async () => {
      single += 1;
      const entries = [{ key: `${single}`, type: 'message', data: JSON.stringify(body) }];
      const expect = head ? { version: head.version, stamp: head.stamp } : 'absent';
      const create = head ? {} : { create: { kind: 'bench', name: 'bench' } };
      ({ head } = await store.commit({ id, expect, entries, ...create }));
    });
  const medians = await interleave({ grouped, alone }, rounds);
  await log.drained();
  await log.close();
  print(row([name, whole(medians.grouped), whole(medians.alone), ratio(medians.grouped / medians.alone)], [16, 18, 18, 10]));
}

/** A log over Redis against XADD in pipelines of a hundred with as many bytes. */
async function appends(print, server, store, { quick, rounds }) {
  const log = await openCounter(store, 'bench-append');
  const client = new Redis(server.port, '127.0.0.1');
  const total = quick ? 20_000 : 100_000;
  let sequence = 0;
  const ours = () => rate(total, PRODUCERS, () => log.accept({ from: 'bench', sequence: ++sequence, body }));
  const text = JSON.stringify(['in', 1, 'bench', 1, '', body]);
  const bare = async () => {
    const perPipeline = 100;
    const pipelines = await rate(total / perPipeline, 10, async () => {
      const pipeline = client.pipeline();
      for (let i = 0; i < perPipeline; i++) pipeline.xadd('bench', '*', 'message', text);
      await pipeline.exec();
    });
    return pipelines * perPipeline;
  };
  const medians = await interleave({ ours, bare }, rounds);
  await log.drained();
  await log.close();
  client.disconnect();
  print(row(['log appends/s', 'XADD in pipelines/s', 'ratio'], [16, 20, 8]));
  print(row([whole(medians.ours), whole(medians.bare), ratio(medians.ours / medians.bare)], [16, 20, 8]));
}

/** Scripts that the server ran for one round, and how often it read from a connection. */
async function round(print, server, n, isShared, quick) {
  const stores = [];
  const connect = async () => {
    if (!isShared || stores.length === 0) stores.push(await redisStore({ url: server.url }, { namespace: `round-${n}-${isShared}` }));
    return stores.at(-1);
  };
  const ids = Array.from({ length: n }, (_, i) => `m${i}`);
  const members = [];
  for (const id of ids) {
    const { state } = counter(id);
    // Asking anew would be counted as a part of the round: they hear of changes.
    members.push(await joinGroup({ store: await connect(), group: 'bench', members: ids, state, pollMs: 60_000 }));
  }
  await Promise.all(members.map(({ ready }) => ready));
  await members[0].checkpoint();
  const rounds = quick ? 5 : 20;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = await server.stats();
  const started = performance.now();
  for (let i = 0; i < rounds; i++) await members[0].checkpoint();
  const ms = (performance.now() - started) / rounds;
  // The others hear of the last decision.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const after = await server.stats();
  for (const member of members) await member.leave();
  for (const store of stores) await store.close();
  const how = isShared ? 'one process' : `${n} connections`;
  const [scripts, reads] = [(after.evalsha - before.evalsha) / rounds, (after.reads - before.reads) / rounds];
  print(row([n, how, scripts.toFixed(1), reads.toFixed(1), ms.toFixed(2)], [8, 16, 10, 10, 10]));
}

export async function run(print, { quick }) {
  const rounds = quick ? 1 : 5;
  const folder = mkdtempSync(join(tmpdir(), 'redress-bench-'));
  const redis = findRedis();
  const server = redis.reason ? undefined : await startRedis(redis, 'always');
  try {
    print(
      `Message log, ${PRODUCERS} producers that wait for each acknowledgement, against one commit for each message; medians of ${rounds} rounds.`,
    );
    print(row(['store', 'log messages/s', 'single commits/s', 'ratio'], [16, 18, 18, 10]));
    const sqlite = sqliteStore(join(folder, 'log.db'));
    await groupCommit(print, 'sqlite', sqlite, { quick, rounds });
    await sqlite.close();
    if (!server) return print(`Redis: left out, ${redis.reason}.`);
    const always = await redisStore({ url: server.url });
    await groupCommit(print, 'redis, always', always, { quick, rounds });
    await always.close();
    print();
    print('Appends over Redis without a sync (appendfsync everysec), against bare pipelines of ioredis.');
    const soft = await startRedis(redis, 'everysec');
    const store = await redisStore({ url: soft.url });
    await appends(print, soft, store, { quick, rounds });
    await store.close();
    print();
    print('A coordinated round over Redis, counted by the server: scripts and reads per round, and milliseconds.');
    print(row(['members', 'of', 'scripts', 'reads', 'ms'], [8, 16, 10, 10, 10]));
    for (const n of [3, 8]) for (const isShared of [true, false]) await round(print, soft, n, isShared, quick);
    await soft.stop();
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
