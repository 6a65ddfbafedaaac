import { childProcess, createEnvironment, createSupervisor, workerThread } from '@redress/core';
import type { ChildSpec, ProcessOptions, RedressEvent } from '@redress/core';
import { memoryStore } from '@redress/memory';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const CHILD = new URL('./child.mjs', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'redress-supervision-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `f${(files += 1)}`);

/** Real processes and threads; `pids` are those that were started. */
async function open(start: ChildSpec['start'], spec: Partial<ChildSpec> = {}, store?: ReturnType<typeof memoryStore>) {
  const environment = createEnvironment();
  const events: RedressEvent[] = [];
  environment.events.on('*', (event) => events.push(event));
  const supervisor = createSupervisor({
    ...{ name: 'top', intensity: 2, periodMs: 60_000, environment },
    children: [{ id: 'a', start, ...spec }],
    ...(store ? { store } : {}),
  });
  const ended = supervisor.ended.then(
    () => 'fulfilled',
    (error: unknown) => error,
  );
  const names = (): string[] => events.map(({ name }) => name);
  return { supervisor, ended, events, names };
}

const program = (manner: string, file?: string, more: Partial<ProcessOptions> = {}) =>
  childProcess({ module: CHILD, execArgv: [], args: file === undefined ? [manner] : [manner, file], output: 'ignore', ...more });

/** One that is over and that nobody has asked for its end yet is not alive. */
const isAlive = (pid: number): boolean =>
  !['', 'Z'].includes(
    spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
      .stdout.toString()
      .slice(0, 1),
  );

describe('a process under supervision', () => {
  it('is ready when it says so, ends by SIGTERM in good order, and nothing is left of it', async () => {
    const file = newFile();
    const listeners = process.listenerCount('exit');
    const { supervisor, ended, names } = await open(program('obedient', file));
    await supervisor.start();
    expect(process.listenerCount('exit')).toBe(listeners + 1);
    await supervisor.stop();
    expect(readFileSync(file, 'utf8')).toBe('bye');
    expect(await ended).toBe('fulfilled');
    expect(names()).toEqual(['child.started', 'supervisor.started', 'child.stopped', 'supervisor.stopped']);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('is killed when it does not listen to SIGTERM', async () => {
    const { supervisor, names } = await open(program('deaf'), { shutdownMs: 200 });
    await supervisor.start();
    await supervisor.stop();
    expect(names()).toContain('child.killed');
  });

  it('is started again after kill -9, with the next generation and a newer token', async () => {
    const file = newFile();
    const store = memoryStore();
    const { supervisor, names } = await open(program('token', file), {}, store);
    await supervisor.start();
    const first = JSON.parse(readFileSync(file, 'utf8')) as { generation: number; token: { version: number } };
    const pid = pidOf(file);
    process.kill(pid, 'SIGKILL');
    await expect.poll(names, { timeout: 10_000 }).toContain('child.restarted');
    const second = JSON.parse(readFileSync(file, 'utf8')) as typeof first;
    expect([first.generation, second.generation]).toEqual([1, 2]);
    expect(second.token.version).toBeGreaterThan(first.token.version);
    expect(isAlive(pid)).toBe(false);
    await supervisor.stop();
    await store.close();
  });

  it('that crashes has its last words in the error', async () => {
    const { supervisor, ended } = await open(program('crash'));
    await supervisor.start();
    const error = (await ended) as Error;
    expect(error).toMatchObject({ code: 'RESTART_LIMIT', cause: { code: 'CHILD_EXITED', exitCode: 1 } });
    expect(error.message).toContain('it crashed on purpose');
  });

  it.each([
    ['done', 'child.ended'],
    ['code', 'child.failed'],
  ])('that ends by itself as "%s" is reported by %s', async (manner, name) => {
    const { supervisor, names } = await open(program(manner), { restart: 'temporary' });
    await supervisor.start();
    await expect.poll(names, { timeout: 10_000 }).toContain(name);
    await supervisor.stop();
  });

  it('whose event loop stands still is found by its checks, and killed', async () => {
    const health = { periodMs: 100, timeoutMs: 100, failureThreshold: 2 };
    const { supervisor, names } = await open(program('busy'), { shutdownMs: 100, health, restart: 'temporary' });
    await supervisor.start();
    await expect.poll(names, { timeout: 10_000 }).toContain('child.killed');
    expect(names()).toEqual(expect.arrayContaining(['child.suspected', 'child.failed']));
    await supervisor.stop();
  });

  it('whose event loop stands still is found by its heart-beats', async () => {
    const heartbeat = { heartbeatMs: 100, pauseMs: 300, minStdDevMs: 50 };
    const { supervisor, names } = await open(program('busy'), { shutdownMs: 0, heartbeat, restart: 'temporary' });
    await supervisor.start();
    await expect.poll(names, { timeout: 10_000 }).toContain('child.killed');
    await supervisor.stop();
  });

  it('that is never ready is killed after startMs', async () => {
    const file = newFile();
    const { supervisor } = await open(program('never-ready', file), { startMs: 2_000 });
    await expect(supervisor.start()).rejects.toMatchObject({ code: 'CHILD_START_TIMEOUT' });
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  it('that cannot be run fails its start', async () => {
    const { supervisor } = await open(childProcess({ command: 'no-such-program-anywhere' }));
    await expect(supervisor.start()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('may be any program', async () => {
    const { supervisor, names } = await open(childProcess({ command: 'sleep', args: ['1000'] }));
    await supervisor.start();
    await supervisor.stop();
    expect(names()).toContain('child.stopped');
  });

  it('with a group of its own takes along what it started', async () => {
    const file = newFile();
    const { supervisor } = await open(program('grandchild', file, { group: true }));
    await supervisor.start();
    const pid = Number(readFileSync(file, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    await supervisor.stop();
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it.each(['exit', 'kill'])('is gone when its supervisor goes by "%s"', async (how) => {
    const file = newFile();
    const parent = spawn(process.execPath, [new URL('./parent.mjs', import.meta.url).pathname, how, file], { stdio: 'ignore' });
    const code = new Promise((resolve) => parent.once('exit', resolve));
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 10_000 }).toMatch(/^\d+ \d+$/);
    const pids = readFileSync(file, 'utf8').split(' ').map(Number);
    if (how === 'kill') parent.kill('SIGKILL');
    await code;
    await expect.poll(() => pids.map(isAlive), { timeout: 10_000 }).toEqual([false, how === 'kill']);
    if (how === 'kill') process.kill(pids[1] as number, 'SIGKILL');
  });
});

describe('the process of a supervisor', () => {
  it.each([
    ['stop', 0, 'it was stopped'],
    ['idle', 0, 'only its watches are left'],
    ['limit', 1, 'it has given up, and nobody handles that'],
  ] as const)('ends by itself after "%s" with code %i: %s', async (how, code, _why) => {
    const parent = spawn(process.execPath, [new URL('./parent.mjs', import.meta.url).pathname, how], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    parent.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    expect(await new Promise((resolve) => parent.once('close', resolve))).toBe(code);
    expect(err).toMatch(code === 0 ? /^$/ : /RestartLimitError: The supervisor "parent" has given up: "broken" failed/);
  });
});

describe('a thread under supervision', () => {
  const ids: number[] = [];
  const thread = (manner: string, file?: string) =>
    workerThread({ module: CHILD, execArgv: [], data: [manner, file], onSpawn: ({ threadId }) => ids.push(threadId) });

  it('is ready when it says so, and ends when it is asked', async () => {
    const file = newFile();
    const { supervisor, names } = await open(thread('obedient', file));
    await supervisor.start();
    await supervisor.stop();
    expect(readFileSync(file, 'utf8')).toBe('bye');
    expect(names()).toContain('child.stopped');
  });

  it('that crashes gives its very error, and is started again', async () => {
    ids.length = 0;
    const { supervisor, ended } = await open(thread('crash'));
    await supervisor.start();
    expect(await ended).toMatchObject({ code: 'RESTART_LIMIT', cause: { message: 'it crashed on purpose' } });
    expect(new Set(ids).size).toBe(3);
  });

  it('that does not listen is terminated', async () => {
    const { supervisor, names } = await open(thread('busy'), { shutdownMs: 100 });
    await supervisor.start();
    await supervisor.stop();
    expect(names()).toContain('child.killed');
  });

  it('whose event loop stands still is found by its checks', async () => {
    const health = { periodMs: 100, timeoutMs: 100, failureThreshold: 2 };
    const { supervisor, names } = await open(thread('busy'), { shutdownMs: 0, health, restart: 'temporary' });
    await supervisor.start();
    await expect.poll(names, { timeout: 10_000 }).toContain('child.killed');
    await supervisor.stop();
  });
});

/** The process that wrote the file: `ps` knows it by its arguments. */
function pidOf(file: string): number {
  const lines = spawnSync('ps', ['-eo', 'pid,args']).stdout.toString().split('\n');
  return Number.parseInt(lines.find((line) => line.includes(file) && line.includes('child.mjs')) ?? '', 10);
}
