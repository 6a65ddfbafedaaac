// What our order saga writes, so that the limits write as much: commits of a saga, and bytes of a commit, by variant.
import { memoryStore } from '@redress/memory';
import { open } from './contenders/ours.mjs';

const SAGAS = 20;

async function shapeOf(variant) {
  const store = memoryStore();
  let [commits, bytes] = [0, 0];
  const commit = store.commit.bind(store);
  store.commit = (change) => {
    commits += 1;
    for (const { key, type, data } of change.entries) bytes += key.length + type.length + data.length;
    return commit(change);
  };
  const ours = await open({ store, worker: false });
  for (let i = 0; i < SAGAS; i++) await ours.one(i, variant);
  await ours.close();
  return { commits: commits / SAGAS, bytes: Math.round(bytes / commits) };
}

export async function shapes() {
  return { done: await shapeOf('done'), undone: await shapeOf('undone') };
}
