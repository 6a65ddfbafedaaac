// Fills a store by its own verbs with runs of the shape that a real one has: a run is driven over a memory store, its commits are
// kept, and written again under other ids. One commit a run: what it leaves behind is the same.
import { createRuntime, defineSaga, defineStep } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { open } from './contenders/ours.mjs';

const AT_A_TIME = 512;
const TEMPLATE = 'done-0';

/** Commits of one run of the order saga. */
async function orderCommits() {
  const { store, commits } = noting();
  const ours = await open({ store, worker: false });
  await ours.one(0, 'done');
  await ours.close();
  return commits;
}

/** Commits of a run that has done one step and sleeps for 30 days. */
async function parkedCommits() {
  const { store, commits } = noting();
  const reserve = defineStep('reserve', { compensate: async () => {}, undo: { total: true } }, async (order) => `hold of ${String(order)}`);
  const saga = defineSaga('patient', { id: (id) => id }, async (run, id) => {
    await run.step(reserve, id);
    await run.sleep('30d');
  });
  const runtime = createRuntime({ store, sagas: [saga], steps: [reserve], worker: false });
  const parked = new Promise((resolve) => runtime.environment.events.on('run.parked', resolve));
  await runtime.start(saga, [TEMPLATE]);
  await parked;
  await runtime.stop();
  return commits;
}

function noting() {
  const store = memoryStore();
  const commits = [];
  const commit = store.commit.bind(store);
  store.commit = (change) => {
    commits.push(change);
    return commit(change);
  };
  return { store, commits };
}

/** Makes a change for run `id` out of a real run's commits, of all of them or the first `most`. */
function stamp(commits, head, most = commits.length) {
  const some = commits.slice(0, most);
  const merged = Object.assign({}, ...some.map((one) => one.head), head);
  const entries = some.flatMap((one) => one.entries);
  const { id: stream, create } = commits[0];
  return (id, changed) => ({
    id: stream.replaceAll(TEMPLATE, id),
    expect: 'absent',
    create,
    head: { ...merged, ...changed },
    entries: entries.map(({ key, type, data }) => ({ key, type, data: data.replaceAll(TEMPLATE, id) })),
  });
}

/** `finished(id)`, `parked(id, { wake })` and `begun(id, { wake })`: a change that creates such a run. */
export async function templates() {
  const [order, parked] = [await orderCommits(), await parkedCommits()];
  return {
    finished: stamp(order, {}),
    parked: stamp(parked, { owner: null }),
    // What a process leaves that dies after its first commit: the intent of the first step, and nobody who owns it.
    begun: stamp(order, { owner: null }, 1),
  };
}

/** Writes `total` changes, many at a time; milliseconds. */
export async function fill(store, total, changeOf) {
  let next = 0;
  const started = performance.now();
  const lane = async () => {
    while (next < total) await store.commit(changeOf(next++));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  return performance.now() - started;
}
