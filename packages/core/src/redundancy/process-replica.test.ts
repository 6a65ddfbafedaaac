import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NoConsensusError } from './errors.js';
import { processReplica } from './process-replica.js';
import type { ProcessReplicaOptions } from './process-replica.js';
import { redundant } from './redundant.js';
import { ReplicaArgumentsError, ReplicaLostError } from './remote.js';
import type { RemoteReplica } from './remote.js';

const MODULE = `
import { appendFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
export const pid = () => process.pid;
export const log = (file, text) => appendFileSync(file, text);
const answer = (me) => async (acts, value, file) => {
  if (file) appendFileSync(file, me + ' ' + process.pid + '\\n');
  const act = acts[me];
  if (act === 'crashes') process.exit(3);
  if (act === 'is killed') { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); }
  if (act === 'is stopped') { process.kill(process.pid, 'SIGSTOP'); await new Promise(() => {}); }
  if (act === 'hangs') for (;;);
  if (act === 'hangs up') { process.disconnect(); for (;;); }
  if (act === 'is deaf') { process.on('SIGTERM', () => {}); await new Promise(() => {}); }
  if (act === 'waits') await new Promise(() => {});
  if (act === 'throws') throw Object.assign(new RangeError('no such currency'), { code: 'NO_CURRENCY', at: me });
  if (act === 'throws outside') { setImmediate(() => { throw new Error('outside'); }); await new Promise(() => {}); }
  if (act === 'functions') return () => value;
  if (act === 'eats') { const all = []; for (;;) all.push(new Array(1e6).fill(all.length)); }
  if (act === 'chats') process.send({ hello: 'world' });
  if (act === 'dies after it') setTimeout(() => process.exit(3), 50);
  return act === 'lies' ? { value: -1 } : { value, when: new Date(5), many: new Map([[value, me.length]]) };
};
export const a = answer('a'), b = answer('b'), c = answer('c'), d = answer('d'), e = answer('e');
`;
type Acts = Readonly<Record<string, string>>;
type Say = [acts: Acts, value: number, file?: string];
interface Said {
  readonly value: number;
}

let folder = '';
let files = 0;
const newFile = (): string => join(folder, `f${(files += 1)}`);
const open: RemoteReplica<never, unknown>[] = [];
const start = async <A extends readonly unknown[] = Say, R = Said>(method: string, more: ProcessReplicaOptions = {}) => {
  const module = pathToFileURL(join(folder, 'rates.mjs'));
  const replica = await processReplica<A, R>(method, module, { method, execArgv: [], output: 'ignore', ...more });
  open.push(replica as RemoteReplica<never, unknown>);
  return replica;
};
const never = { signal: new AbortController().signal };
const lost = async (answer: unknown): Promise<unknown> => Promise.resolve(answer).catch((error: unknown) => error);
/** The processes of replicas that this one has started, as the operating system sees them; not those that nobody has buried yet. */
const processes = (): number => {
  const lines = spawnSync('ps', ['-o', 'stat=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).stdout.split('\n');
  return lines.filter((line) => line.includes('replica-process.mjs') && !line.startsWith('Z')).length;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-replicas-'));
  writeFileSync(join(folder, 'rates.mjs'), MODULE);
  writeFileSync(join(folder, 'broken.mjs'), 'throw new Error("at loading");');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  if (processes() > 0) throw new Error('A process is left.');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('replicas in processes', () => {
  it('outvote those that die, hang, stop and lie in the middle of a vote, and each does well again at the next call', async () => {
    const replicas = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => start(name)));
    const ask = redundant(replicas, { name: 'Rates.get', replicaTimeout: '20s' });
    const all = redundant(replicas, { vote: 'unanimous', replicaTimeout: '20s' });
    const expected = { value: 7, when: new Date(5), many: new Map([[7, 1]]) };
    for (const acts of [
      { a: 'is killed', b: 'hangs' },
      { c: 'lies', d: 'is stopped' },
      { e: 'is deaf', a: 'throws outside' },
      { b: 'hangs up', c: 'crashes' },
    ]) {
      expect(await ask(acts, 7)).toEqual(expected);
      expect(await all({}, 7)).toEqual(expected);
    }
    expect(processes()).toBe(5);
  }, 60_000);

  it('that are killed by somebody else in the middle of a vote cost their ballots, and too many of them the vote', async () => {
    const file = newFile();
    const replicas = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    const ask = redundant(replicas, { name: 'Rates.get', stragglers: 'await', replicaTimeout: '20s' });
    const kill = async (...victims: readonly string[]): Promise<void> => {
      const asked = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1]);
      for (const name of victims) {
        await expect.poll(() => asked(name), { timeout: 10_000 }).toBeGreaterThan(0);
        process.kill(asked(name), 'SIGKILL');
      }
      writeFileSync(file, '');
    };
    writeFileSync(file, '');
    const [one] = await Promise.all([ask.vote([{ a: 'waits' }, 7, file]), kill('a')]);
    expect(one).toMatchObject({ value: { value: 7 }, ballots: [{ reason: 'failed', error: { code: 'REPLICA_LOST' } }, {}, {}] });
    const [error] = await Promise.all([lost(ask({ a: 'waits', c: 'waits' }, 7, file)), kill('a', 'c')]);
    expect(error).toMatchObject({ code: 'NO_CONSENSUS', reason: 'insufficient', retryable: true });
    expect((error as NoConsensusError).errors).toMatchObject([{ code: 'REPLICA_LOST' }, { code: 'REPLICA_LOST' }]);
    expect(await ask({}, 7)).toMatchObject({ value: 7 });
  }, 60_000);

  it.each(['hangs', 'is stopped'])('that %s has its time, and then its process is gone', async (act) => {
    const replicas = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    const ask = redundant(replicas, { name: 'Rates.get', replicaTimeout: 500, vote: 'unanimous' });
    const error = (await lost(ask({ b: act }, 7))) as NoConsensusError;
    expect(error.errors).toMatchObject([{ code: 'REPLICA_TIMEOUT', details: { replica: 'b' } }]);
    await expect.poll(processes, { timeout: 10_000 }).toBe(2);
    expect(await redundant(replicas, { vote: 'unanimous' })({}, 7)).toMatchObject({ value: 7 });
    expect(processes()).toBe(3);
  });

  it.each([
    ['crashes', /with code 3/],
    ['is killed', /by SIGKILL/],
    ['throws outside', /Error: outside/],
    ['functions', /cannot be sent/],
    ['eats', /by SIGABRT|code 134/],
  ] as const)('that %s says that its answer is lost, and why', async (act, why) => {
    const replica = await start('a', { execArgv: ['--max-old-space-size=32'] });
    const error = (await lost(replica.answer([{ a: act }, 1], never))) as ReplicaLostError;
    expect(error).toBeInstanceOf(ReplicaLostError);
    expect(error).toMatchObject({ code: 'REPLICA_LOST', retryable: true });
    expect(error.message).toMatch(/^The process of a ended before it had answered: /);
    expect(error.message).toMatch(why);
    expect(await replica.answer([{}, 3], never)).toMatchObject({ value: 3 });
  });

  it('tell errors by name, code and fields, so that declared ones vote; and let programs chat beside', async () => {
    const replicas = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    const ask = redundant(replicas, { errorsAsVotes: [RangeError, 'NO_CURRENCY'], stragglers: 'await' });
    const error = await lost(ask({ a: 'throws', b: 'throws', c: 'chats' }, 7));
    expect(error).toMatchObject({ name: 'RangeError', message: 'no such currency', code: 'NO_CURRENCY', at: 'a' });
  });

  it('that die between two calls cost nothing, whether that has been noticed or not', async () => {
    const replica = await start<[], number>('pid');
    for (const noticed of [false, true, false]) {
      const pid = await replica.answer([], never);
      process.kill(pid, 'SIGKILL');
      // Nothing else runs here meanwhile.
      while (processes() > 0);
      if (noticed) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await replica.answer([], never)).not.toBe(pid);
    }
  });

  it('never are more processes than was said, one call each, in the order of the calls', async () => {
    const file = newFile();
    const replica = await start<[string, string], void>('log', { processes: 2 });
    const texts = Array.from({ length: 20 }, (_, i) => `${i}\n`);
    await Promise.all(texts.map(async (text) => replica.answer([file, text], new AbortController())));
    expect(readFileSync(file, 'utf8').split('\n').filter(Boolean)).toHaveLength(20);
    expect(processes()).toBe(2);
    const one = await start('a');
    const controller = new AbortController();
    const hung = lost(one.answer([{ a: 'hangs' }, 1], controller));
    const next = one.answer([{}, 2], never);
    const gone = new AbortController();
    const left = lost(one.answer([{}, 3], gone));
    gone.abort(new Error('not any more'));
    expect(await left).toMatchObject({ message: 'not any more' });
    controller.abort(new Error('enough'));
    expect(await hung).toMatchObject({ message: 'enough' });
    expect(await next).toMatchObject({ value: 2 });
    expect(processes()).toBe(3);
  });

  it('are lost when closed, for calls under way, waiting and later ones', async () => {
    const replica = await start('a');
    const calls = [replica.answer([{ a: 'waits' }, 1], never), replica.answer([{}, 2], never)].map(lost);
    await replica.close();
    calls.push(lost(replica.answer([{}, 3], never)));
    for (const call of calls) expect(await call).toBeInstanceOf(ReplicaLostError);
    await replica.close();
  });

  it('begin no process any more when they are closed, however soon after a call', async () => {
    for (const turns of [0, 1, 2, 4]) {
      const replica = await start('a');
      // The process that is there is on its way out: the next call would begin another one.
      await replica.answer([{ a: 'dies after it' }, 1], never);
      await expect.poll(processes, { timeout: 10_000 }).toBe(0);
      const call = lost(replica.answer([{}, 2], never));
      for (let i = 0; i < turns; i++) await Promise.resolve();
      await replica.close();
      expect([await call, processes()]).toEqual([expect.any(ReplicaLostError), 0]);
    }
  });

  it('are refused when there is nothing to call', async () => {
    await expect(start('nobody')).rejects.toThrow(/exports no function "nobody"\. Name an exported function/);
    const module = pathToFileURL(join(folder, 'broken.mjs'));
    await expect(processReplica('a', module, { execArgv: [] })).rejects.toThrow(/cannot be loaded: at loading/);
    await expect(processReplica('a', module, { processes: 0 })).rejects.toThrow(/process replica a, processes/);
  });

  it('refuse arguments that cannot be sent, with their path, before any replica runs', async () => {
    const file = newFile();
    writeFileSync(file, '');
    let ran = 0;
    const a = await start<[unknown, number, string]>('a');
    const local = (..._args: [unknown, number, string]): Said => ({ value: (ran += 1) });
    const replicas = [local, a, await start<[unknown, number, string]>('b')];
    const ask = redundant(replicas, { name: 'Rates.get' });
    const error = await lost(ask({ deep: [{ when: function soon() {} }] }, 7, file));
    expect(error).toBeInstanceOf(ReplicaArgumentsError);
    expect(error).toMatchObject({ code: 'REPLICA_ARGUMENTS', path: '[0].deep[0].when', retryable: false });
    expect((error as Error).message).toBe('The arguments cannot be sent to a: a function (soon) at [0].deep[0].when. Pass plain data.');
    expect([ran, readFileSync(file, 'utf8')]).toEqual([0, '']);
    expect(await lost(a.answer([Symbol('x'), 7, file], never))).toMatchObject({ path: '[0]' });
  });
});
