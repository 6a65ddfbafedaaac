import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { missingServer, Server } from '../../packages/redis/src/server.fixture.js';

const TELLER = fileURLToPath(new URL('teller.mjs', import.meta.url));
const MEMBERS = ['a', 'b', 'c'];
const CENTS = 1_000;
const isFull = process.env['REDRESS_TESTS'] === 'full';
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** One member in a process of its own; a killed one is started again. */
class Teller {
  readonly lines: string[] = [];
  private child!: ChildProcessWithoutNullStreams;

  constructor(
    readonly id: string,
    private readonly store: object,
  ) {
    this.start();
  }

  start(): void {
    const job = { store: this.store, group: 'bank', process: this.id, members: MEMBERS, everyMs: 200, deadlineMs: 3_000, cents: CENTS };
    this.child = spawn(process.execPath, [TELLER, JSON.stringify(job)]);
    this.child.stderr.pipe(process.stderr);
    const { child } = this;
    createInterface(child.stdout).on('line', (line) => child === this.child && this.lines.push(line));
  }

  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  /** It stands still, and its lines are not heard any more. */
  freeze(): ChildProcessWithoutNullStreams {
    const { child } = this;
    child.kill('SIGSTOP');
    child.stdout.removeAllListeners();
    child.stdout.resume();
    return child;
  }

  leave(): void {
    this.child.stdin.write('leave\n');
  }

  /** The last line of this kind, as numbers. */
  last(kind: string): readonly number[] | undefined {
    const line = this.lines.findLast((one) => one.startsWith(`${kind} `));
    return line?.split(' ').slice(1).map(Number);
  }

  count(kind: string): number {
    return this.lines.filter((one) => one.startsWith(`${kind} `)).length;
  }
}

/** Waits for all of them, however loaded the computer is. */
async function until(is: () => boolean, what: string, tellers: readonly Teller[]): Promise<void> {
  for (let ms = 0; ms < 60_000; ms += 20) {
    if (is()) return;
    await pause(20);
  }
  throw new Error(`Not within a minute: ${what}.\n${tellers.map(({ id, lines }) => `${id}: ${lines.slice(-5).join(' | ')}`).join('\n')}`);
}

/** Each recovery restored one round number for all members that came to it. */
function linesOf(tellers: readonly Teller[]): ReadonlyMap<number, ReadonlySet<number>> {
  const lines = new Map<number, Set<number>>();
  for (const { lines: said } of tellers) {
    for (const line of said.filter((one) => one.startsWith('restored '))) {
      const [epoch, round] = line.split(' ').slice(1).map(Number) as [number, number];
      lines.set(epoch, (lines.get(epoch) ?? new Set()).add(round));
    }
  }
  return lines;
}

async function keepsTotal(store: object, kills: number, betweenMs: number): Promise<string> {
  const tellers = MEMBERS.map((id) => new Teller(id, store));
  const zombies: ChildProcessWithoutNullStreams[] = [];
  const all = (kind: string, least: number): boolean => tellers.every((one) => (one.last(kind)?.[0] ?? 0) >= least);
  try {
    await until(() => all('ready', 1), 'all ready', tellers);
    for (let n = 0; n < kills; n += 1) {
      const rounds = tellers.map((one) => one.count('committed'));
      await pause(betweenMs);
      await until(() => tellers.some((one, i) => one.count('committed') > (rounds[i] as number)), 'a round', tellers);
      const victim = tellers[Math.floor(Math.random() * 3)] as Teller;
      const epoch = Math.max(...tellers.map((one) => one.last('restored')?.[0] ?? 0));
      // Every other time the old process is not dead: it was stopped, and comes back when the new one is at work.
      const zombie = n % 2 === 1 ? victim.freeze() : undefined;
      if (!zombie) await victim.kill();
      victim.start();
      // Stopped within a transaction it holds SQLite's lock, and nobody could go on before it does.
      const waking = setTimeout(() => zombie?.kill('SIGCONT'), 3_000);
      await until(() => all('restored', epoch + 1), `all restored after ${epoch}`, tellers);
      clearTimeout(waking);
      zombie?.kill('SIGCONT');
      if (zombie) zombies.push(zombie);
    }
    await until(() => (tellers.at(0)?.count('committed') ?? 0) > 0, 'a last round', tellers);
    for (const teller of tellers) teller.leave();
    const total = (): number => tellers.reduce((sum, one) => sum + (one.last('balance')?.[1] ?? Number.NaN), 0);
    await until(() => total() === CENTS * 3, `the total of ${CENTS * 3}; it is ${total()}`, tellers);
    // And it stays so.
    await pause(300);
    expect(total()).toBe(CENTS * 3);
    const lines = linesOf(tellers);
    expect([...lines.values()].filter(({ size }) => size > 1)).toEqual([]);
    expect(Math.max(...lines.keys())).toBeGreaterThan(kills);
    return `${kills} kills, ${Math.max(...lines.keys())} epochs, ${tellers.map((one) => one.count('committed')).join(' + ')} rounds seen, lines ${[...lines.values()].map((one) => [...one].join('/')).join(' ')}`;
  } finally {
    for (const teller of tellers) await teller.kill();
    for (const zombie of zombies) zombie.kill('SIGKILL');
  }
}

describe('CO1 three processes that send each other money, with rounds every 200 ms and kill -9', () => {
  const [kills, betweenMs] = isFull ? [30, 2_000] : [2, 300];

  it.skipIf(!isFull)(
    'keep their total over SQLite (in the full check), and each recovery restores one round for all',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'redress-rounds-'));
      try {
        const told = await keepsTotal({ file: join(folder, 'bank.db') }, isFull ? 8 : kills, betweenMs);
        expect(told).toMatch(/epochs/);
        if (isFull) process.stdout.write(`${told}\n`);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    300_000,
  );

  const missing = missingServer();
  it.skipIf(missing !== undefined)(
    `keep their total over Redis, and each recovery restores one round for all${missing ? `: ${missing}` : ''}`,
    async () => {
      const server = await Server.start();
      try {
        const told = await keepsTotal({ url: server.url }, kills, betweenMs);
        expect(told).toMatch(/epochs/);
        if (isFull) process.stdout.write(`${told}\n`);
      } finally {
        await server.remove();
      }
    },
    300_000,
  );
});
