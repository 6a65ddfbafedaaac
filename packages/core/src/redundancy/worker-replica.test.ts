import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NoConsensusError } from './errors.js';
import { redundant } from './redundant.js';
import { ReplicaLostError } from './remote.js';
import type { RemoteReplica } from './remote.js';
import { workerReplica } from './worker-replica.js';
import type { WorkerReplicaOptions } from './worker-replica.js';

// Each thread does what the call says of its replica, so that one that fails can do well afterwards.
const MODULE = `
import { threadId } from 'node:worker_threads';
export const who = () => threadId;
const answer = (me) => async (acts, value) => {
  if (acts[me] === 'crashes') process.exit(3);
  if (acts[me] === 'hangs') for (;;);
  if (acts[me] === 'waits') await new Promise(() => {});
  if (acts[me] === 'throws outside') { setImmediate(() => { throw new Error('outside'); }); await new Promise(() => {}); }
  if (acts[me] === 'throws') throw Object.assign(new RangeError('no such currency'), { code: 'NO_CURRENCY', at: me });
  if (acts[me] === 'throws text') throw 'text';
  if (acts[me] === 'functions') return () => value;
  if (acts[me] === 'eats') { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)); }
  return acts[me] === 'lies' ? { value: -1 } : { value, when: new Date(5), many: new Map([[value, me.length]]) };
};
export const a = answer('a'), b = answer('b'), c = answer('c'), d = answer('d'), e = answer('e');
`;
type Acts = Readonly<Record<string, string>>;
type Say = [acts: Acts, value: number];
interface Said {
  readonly value: number;
}

let folder = '';
const open: RemoteReplica<never, unknown>[] = [];
const start = async <A extends readonly unknown[], R>(method: string, more: WorkerReplicaOptions = {}): Promise<RemoteReplica<A, R>> => {
  const replica = await workerReplica<A, R>(method, pathToFileURL(join(folder, 'rates.mjs')), { method, ...more });
  open.push(replica as RemoteReplica<never, unknown>);
  return replica;
};
const never = { signal: new AbortController().signal };
// Idle threads do not count as active resources; the diagnostic report lists all that live.
const threads = (): number => (process.report.getReport() as unknown as { readonly workers: readonly unknown[] }).workers.length;
/** When nothing has begun. */
const before = threads();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'redress-replicas-'));
  await writeFile(join(folder, 'rates.mjs'), MODULE);
  await writeFile(join(folder, 'broken.mjs'), 'throw new Error("at loading");');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(() => rm(folder, { recursive: true }));

describe('replicas in worker threads', () => {
  it('outvote one that crashes, one that hangs and one that lies, and each does well again at the next call', async () => {
    // One that an earlier test has ended may still be on its way out.
    await expect.poll(threads).toBe(before);
    const names = ['a', 'b', 'c', 'd', 'e'];
    const replicas = await Promise.all(names.map((name) => start<Say, Said>(name)));
    const ask = redundant(replicas, { name: 'Rates.get', replicaTimeout: '20s' });
    const all = redundant(replicas, { vote: 'unanimous', replicaTimeout: '20s' });
    const expected = { value: 7, when: new Date(5), many: new Map([[7, 1]]) };
    for (const acts of [
      { a: 'crashes', b: 'hangs' },
      { c: 'lies', d: 'crashes' },
      { e: 'hangs', a: 'lies' },
      { b: 'throws outside', e: 'crashes' },
    ]) {
      expect(await ask(acts, 7)).toEqual(expected);
      expect(await all({}, 7)).toEqual(expected);
    }
    expect(threads()).toBe(before + 5);
    await Promise.all(replicas.map((one) => one.close()));
    await expect.poll(threads).toBe(before);
  });

  it('are ended when their time is over, however busy they are', async () => {
    const replicas = await Promise.all(['a', 'b', 'c'].map((name) => start<Say, Said>(name)));
    const ask = redundant(replicas, { name: 'Rates.get', replicaTimeout: 300 });
    const error = await ask({ a: 'hangs', b: 'waits', c: 'lies' }, 7).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(NoConsensusError);
    expect((error as NoConsensusError).errors).toMatchObject([{ code: 'REPLICA_TIMEOUT' }, { code: 'REPLICA_TIMEOUT' }]);
    const who = await start<[], number>('who');
    const [first, second] = [await who.answer([], never), await who.answer([], never)];
    expect(second).toBe(first);
  });

  it('are replaced by another thread when they were ended', async () => {
    const replica = await start<Say, Said>('a');
    const controller = new AbortController();
    const hung = replica.answer([{ a: 'hangs' }, 1], controller);
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await expect(hung).rejects.toThrow('enough');
    expect(await replica.answer([{}, 3], never)).toMatchObject({ value: 3 });
  });

  it('tell errors by name, code and fields, so that declared ones vote', async () => {
    const replicas = await Promise.all(['a', 'b', 'c'].map((name) => start<Say, Said>(name)));
    const ask = redundant(replicas, { errorsAsVotes: [RangeError, 'NO_CURRENCY'], stragglers: 'await' });
    const error: unknown = await ask({ a: 'throws', b: 'throws' }, 7).catch((one: unknown) => one);
    expect(error).toMatchObject({ name: 'RangeError', message: 'no such currency', code: 'NO_CURRENCY', at: 'a' });
    expect((error as Error).stack).toContain('rates.mjs');
    await expect(replicas[0]!.answer([{ a: 'throws text' }, 1], never)).rejects.toBe('text');
  });

  it.each(['crashes', 'throws outside', 'functions', 'eats'])('say that the answer is lost when the thread %s', async (act) => {
    const replica = await start<Say, Said>('a', { maxHeapMb: 64 });
    const error: unknown = await Promise.resolve(replica.answer([{ a: act }, 1], never)).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ReplicaLostError);
    expect(error).toMatchObject({ code: 'REPLICA_LOST', retryable: true });
    expect(await replica.answer([{}, 3], never)).toMatchObject({ value: 3 });
  });

  it('answer several calls at once when they have several threads', async () => {
    const replica = await start<Say, Said>('a', { threads: 2 });
    const controller = new AbortController();
    const waits = replica.answer([{ a: 'waits' }, 1], controller) as Promise<Said>;
    expect(await replica.answer([{}, 3], never)).toMatchObject({ value: 3 });
    controller.abort();
    await expect(waits).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('are lost when closed, for calls under way and later ones', async () => {
    // One that an earlier test has ended may still be on its way out.
    await expect.poll(threads).toBe(before);
    const replica = await start<Say, Said>('a');
    const [waits] = await Promise.allSettled([replica.answer([{ a: 'waits' }, 1], never), replica.close()]);
    expect(waits).toMatchObject({ reason: { code: 'REPLICA_LOST' } });
    await expect(replica.answer([{}, 1], never)).rejects.toBeInstanceOf(ReplicaLostError);
    await replica.close();
    await expect.poll(threads).toBe(before);
  });

  it('are refused when there is nothing to call', async () => {
    // One that an earlier test has ended may still be on its way out.
    await expect.poll(threads).toBe(before);
    await expect(start('nobody')).rejects.toThrow(/exports no function "nobody"\. Name an exported function/);
    const module = pathToFileURL(join(folder, 'broken.mjs'));
    await expect(workerReplica('a', module)).rejects.toThrow(/cannot be loaded: at loading/);
    await expect(workerReplica('a', pathToFileURL(join(folder, 'none.mjs')))).rejects.toThrow(/cannot be loaded/);
    await expect(workerReplica('a', module, { threads: 0 })).rejects.toThrow(/worker replica a, threads/);
    await expect.poll(threads).toBe(before);
  });
});
