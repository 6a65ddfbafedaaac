import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { sqliteStore } from '@redress/sqlite';
import { decoratedCalls } from './decorated.mjs';
import { interleave, rate, ratio, row, whole } from './measure.mjs';
import { openRaw } from './raw-sqlite.mjs';

const COMMITS_PER_SAGA = 4;
const WIDTHS = [1, 16, 128];

const undo = async () => {};
/** @param {string} name */
const step = (name) =>
  defineStep(name, { compensate: undo, undo: { total: true } }, async (order, cents) => ({
    ok: true,
    id: `${name}-${String(order)}`,
    cents,
  }));
const [reserve, charge, ship] = ['reserve', 'charge', 'ship'].map(step);
const place = defineSaga('place-order', { id: (order) => order }, async (run, order, cents) => {
  await run.step(reserve, order, cents);
  const paid = await run.step(charge, order, cents);
  return (await run.step(ship, order, paid.cents)).id;
});

/** Runs sagas over a store and answers sagas per second; each call uses ids of its own. */
function sagas(store) {
  const runtime = createRuntime({ store, sagas: [place], steps: [reserve, charge, ship], worker: false });
  let used = 0;
  return {
    runtime,
    async perSecond(total, width) {
      const first = used;
      used += total;
      return rate(total, width, (i) => runtime.run(place, [`o-${first + i}`, 1999]));
    },
  };
}

/** Bytes that one commit of the saga writes, so that the raw rows carry as much. */
async function bytesPerCommit() {
  const store = memoryStore();
  let bytes = 0;
  let commits = 0;
  const commit = store.commit.bind(store);
  store.commit = (change) => {
    commits += 1;
    for (const { key, type, data } of change.entries) bytes += key.length + type.length + data.length;
    return commit(change);
  };
  const { runtime, perSecond } = sagas(store);
  await perSecond(20, 1);
  await runtime.stop();
  return Math.round(bytes / commits);
}

export async function run(print, { quick }) {
  const folder = mkdtempSync(join(tmpdir(), 'redress-bench-'));
  const rounds = quick ? 1 : 5;
  await decoratedCalls(print, rounds);
  print();
  const bytes = await bytesPerCommit();
  const raw = openRaw(join(folder, 'raw.db'));
  const sqlite = sagas(sqliteStore(join(folder, 'store.db')));
  try {
    print(
      `A saga of 3 steps makes ${COMMITS_PER_SAGA} commits of ${bytes} bytes on average. Raw: ${raw.driver}, WAL, synchronous=FULL, a commit inserts`,
    );
    print('one event of that many bytes and updates one row; as many of them share a transaction as there are sagas at a time.');
    print(`Medians of ${rounds} interleaved rounds.`);
    print();
    const widths = [10, 16, 16, 20, 14, 22];
    print(row(['at a time', 'memory sagas/s', 'sqlite sagas/s', 'raw commits/s', 'raw ÷ 4', 'sqlite of raw ÷ 4'], widths));
    for (const width of WIDTHS) {
      const total = (quick ? 200 : 1000) * (width === 1 ? 1 : 4);
      const memory = sagas(memoryStore());
      const medians = await interleave(
        {
          memory: () => memory.perSecond(total * 2, width),
          sqlite: () => sqlite.perSecond(total, width),
          raw: async () => raw.perSecond(total * COMMITS_PER_SAGA, width, bytes),
        },
        rounds,
      );
      await memory.runtime.stop();
      const limit = medians.raw / COMMITS_PER_SAGA;
      print(
        row([width, whole(medians.memory), whole(medians.sqlite), whole(medians.raw), whole(limit), ratio(medians.sqlite / limit)], widths),
      );
    }
  } finally {
    await sqlite.runtime.stop();
    await sqlite.runtime.store.close();
    raw.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
