import { sqliteStore } from '@redress/sqlite';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'redress-process-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  seen(line: string): Promise<void>;
  readonly ended: Promise<number | null>;
}

function start(...args: string[]): Child {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waiting: { line: string; resolve: () => void }[] = [];
  let rest = '';
  child.stdout.on('data', (data: Buffer) => {
    const parts = (rest + data.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
    for (const { line, resolve } of waiting) if (lines.some((one) => one.startsWith(line))) resolve();
  });
  return {
    process: child,
    lines,
    seen: (line) =>
      lines.some((one) => one.startsWith(line)) ? Promise.resolve() : new Promise((resolve) => void waiting.push({ line, resolve })),
    ended: new Promise((resolve) => child.on('exit', (code) => resolve(code))),
  };
}

describe('a process', () => {
  it('stays alive while a caller waits, and ends when nobody does, whether the runtime was stopped or not', () => {
    const { status, stdout } = spawnSync(process.execPath, [script('alive.mjs')], { encoding: 'utf8', timeout: 10_000 });
    expect(stdout).toBe('ended: SAGA_COMPENSATED\n');
    expect(status).toBe(0);
  });

  it('that was stopped with SIGSTOP beyond its lease writes nothing when it goes on, and its caller gets the outcome of the winner', async () => {
    const file = join(folder, 'paused.db');
    const loser = start(script('paused.mjs'), file, 'loser', 'caller');
    await loser.seen('second');
    loser.process.kill('SIGSTOP');
    const winner = start(script('paused.mjs'), file, 'winner', 'worker');
    expect(await winner.ended).toBe(0);
    expect(winner.lines).toContain('outcome: second by winner');
    // The first step was recorded: it is answered from the journal.
    expect(winner.lines).not.toContain('first');
    await using store = sqliteStore(file);
    const before = await store.load('paused/x');
    expect(before?.head.status).toBe('completed');

    loser.process.kill('SIGCONT');
    expect(await loser.ended).toBe(0);
    expect(loser.lines.at(-1)).toBe('outcome: second by winner');
    expect(loser.lines.filter((line) => line.startsWith('third'))).toEqual([]);
    expect(await store.load('paused/x')).toEqual(before);
  });
});
