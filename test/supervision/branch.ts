import { childProcess } from '@redress/core';
import type { ChildSpec, Store } from '@redress/core';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Server } from '../../packages/redis/src/server.fixture.js';
import { openStore } from './places.mjs';

const TELLER = new URL('./teller.mjs', import.meta.url);
const BRANCH = fileURLToPath(new URL('./branch.mjs', import.meta.url));

export type Kind = 'sqlite' | 'redis';

/** A store that other processes can open, and a diary of the tellers. */
export class Place {
  private constructor(
    readonly folder: string,
    readonly address: string,
    readonly server: Server | undefined,
    readonly store: Store,
  ) {}

  static async make(kind: Kind): Promise<Place> {
    const folder = mkdtempSync(join(tmpdir(), 'redress-branch-'));
    const server = kind === 'redis' ? await Server.start() : undefined;
    const address = server?.url ?? join(folder, 'store.db');
    return new Place(folder, address, server, await openStore(address));
  }

  get diary(): string {
    return join(this.folder, 'diary');
  }

  /** What stands in the diary, such as `fenced a`. */
  told(): readonly string[] {
    if (!existsSync(this.diary)) return [];
    return readFileSync(this.diary, 'utf8').split('\n').filter(Boolean);
  }

  /** The processes of tellers that live, as the operating system sees them: their diary is in their arguments. */
  living(): readonly number[] {
    const lines = spawnSync('ps', ['-eo', 'pid=,stat=,args='], { encoding: 'utf8' }).stdout.split('\n');
    const own = lines.map((line) => line.trim().split(/\s+/)).filter(([, stat]) => stat && !stat.startsWith('Z'));
    return own
      .filter((words) => words.includes(this.diary) && words.some((word) => word.endsWith('teller.mjs')))
      .map(([pid]) => Number(pid));
  }

  /** What is wrong with what was written for a child: each life must have ended before the next one wrote. */
  async overlaps(stream: string): Promise<readonly string[]> {
    const writers: string[] = [];
    for (let from = 0; ;) {
      const page = (await this.store.load(stream, { from, limit: 1_000 }))?.entries ?? [];
      if (page.length === 0) break;
      for (const { type, data } of page) if (type === 'child.wrote' && writers.at(-1) !== data) writers.push(String(data));
      from = (page.at(-1)?.index ?? 0) + 1;
    }
    if (writers.length === 0) return [`${stream}: nobody has written`];
    return writers.filter((life, i) => writers.indexOf(life) !== i).map((life) => `${stream}: ${life} wrote after its successor`);
  }

  async remove(): Promise<void> {
    for (const pid of this.living()) process.kill(pid, 'SIGKILL');
    await this.store.close();
    await this.server?.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** All processes of tellers that a supervisor of this process has started. */
export class Tellers {
  readonly started: ChildProcess[] = [];
  /** Most that were alive at one moment; one that is killed counts until its end was seen. */
  most = 0;

  start(place: Place, manner = ''): ChildSpec['start'] {
    return childProcess({
      module: TELLER,
      execArgv: [],
      args: [place.address, place.diary, manner],
      output: 'ignore',
      onSpawn: (child) => {
        this.started.push(child);
        this.most = Math.max(this.most, this.alive.length);
      },
    });
  }

  get alive(): readonly ChildProcess[] {
    return this.started.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  }
}

export interface Branch {
  readonly process: ChildProcess;
  /** With its exit code, or the signal. */
  readonly ended: Promise<number | string | null>;
  readonly err: () => string;
}

const branches = new Set<ChildProcess>();

/** Ends those that a test has left. */
export function closeBranches(): void {
  for (const child of branches) child.kill('SIGKILL');
  branches.clear();
}

/** The process of a supervisor over three tellers; resolves when all are there. */
export async function openBranch(place: Place, manner = ''): Promise<Branch> {
  const child = spawn(process.execPath, [BRANCH, place.address, place.diary, manner], { stdio: ['ignore', 'pipe', 'pipe'] });
  branches.add(child);
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<number | string | null>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  const up = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  const over = ended.then((how) => {
    throw new Error(`The branch ended (${how}) before it was up: ${err}`);
  });
  await Promise.race([up, over]);
  return { process: child, ended, err: () => err };
}
