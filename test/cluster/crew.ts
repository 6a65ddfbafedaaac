import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ACCOUNTS } from './bank.mjs';

export interface Transfer {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly cents: number;
  /** The check in its middle says no. */
  readonly refused: boolean;
}

/** The same ones each time: every fifth is refused after its debit. */
export function makeTransfers(count: number): readonly Transfer[] {
  return Array.from({ length: count }, (_, i) => {
    const from = 1 + (i % ACCOUNTS);
    return { id: `t-${i + 1}`, from, to: 1 + ((i * 7 + 3) % ACCOUNTS), cents: 100 + i, refused: i % 5 === 4 };
  });
}

export interface Work {
  /** Files of the bank and of what was acknowledged begin so. */
  readonly place: string;
  /** One for each process: how it reaches the store. */
  readonly stores: readonly ({ readonly url: string } | { readonly nodes: readonly object[] })[];
  readonly transfers: readonly Transfer[];
  readonly leaseMs: number;
  readonly stepMs: number;
  readonly atATime: number;
  readonly commandTimeoutMs: number;
  readonly ownKeys: boolean;
}

export const NAMESPACE = 'bank';
const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const KEPT = 3_000;
/** One that takes longer hangs. */
const LIMIT_MS = 150_000;

/** Processes that share the transfers, and what they say. */
export class Crew {
  /** Transfers that their process has seen the end of. */
  readonly ended = new Set<string>();
  /** Events: how often each came, and of which runs. */
  readonly events = new Map<string, string[]>();
  readonly #work: Work;
  #children: { readonly process: ChildProcess; readonly exit: Promise<string | undefined> }[] = [];
  #waiting: { readonly count: number; readonly go: () => void }[] = [];

  constructor(work: Work) {
    this.#work = work;
    this.start();
  }

  /** Starts the processes, also after a kill: each on its whole share. */
  start(): void {
    const { place, stores, transfers, ...more } = this.#work;
    this.#children = stores.map((store, i) => {
      const mine = transfers.filter((_transfer, k) => k % stores.length === i);
      const job = { ...more, store, namespace: NAMESPACE, bank: `${place}.bank.db`, acked: `${place}.acked`, transfers: mine };
      return this.#spawn({ ...job, until: transfers.map(({ id }) => id) });
    });
  }

  /** Kill -9 of all of them. */
  async kill(): Promise<void> {
    for (const { process } of this.#children) process.kill('SIGKILL');
    await Promise.all(this.#children.map(({ exit }) => exit));
  }

  /** Resolves when so many transfers have ended. */
  reached(count: number): Promise<void> {
    return this.ended.size >= count ? Promise.resolve() : new Promise((go) => void this.#waiting.push({ count, go }));
  }

  /** Resolves when every process has seen the end of every transfer. @throws with what one said that ended otherwise. */
  async done(): Promise<void> {
    for (const { exit } of this.#children) {
      const failure = await exit;
      if (failure !== undefined) throw new Error(`A worker ended with ${failure}`);
    }
  }

  /** How often it was told. */
  told(event: string): number {
    return this.events.get(event)?.length ?? 0;
  }

  /** What the store has acknowledged: stream, key and digest of each entry. */
  acknowledged(): readonly (readonly [stream: string, key: string, digest: string])[] {
    const lines = readFileSync(`${this.#work.place}.acked`, 'utf8').trimEnd().split('\n');
    return lines.map((line) => line.split(' ') as [string, string, string]);
  }

  #spawn(job: object): { readonly process: ChildProcess; readonly exit: Promise<string | undefined> } {
    const child = spawn(process.execPath, [WORKER, JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS);
    let [rest, noise, isDone] = ['', '', false];
    child.stderr.on('data', (data: Buffer) => (noise = (noise + data.toString()).slice(-KEPT)));
    child.stdout.on('data', (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n');
      rest = lines.pop() ?? '';
      isDone ||= lines.includes('done');
      for (const line of lines) this.#hear(line);
    });
    const exit = new Promise<string | undefined>((resolve) => {
      child.once('close', (code, signal) => {
        clearTimeout(limit);
        resolve(isDone && code === 0 ? undefined : `${signal ?? code}. ${noise}`);
      });
    });
    return { process: child, exit };
  }

  #hear(line: string): void {
    const [word = '', name = '', id = ''] = line.split(' ');
    if (word === 'ended') this.ended.add(name);
    if (word === 'event') this.events.set(name, [...(this.events.get(name) ?? []), id]);
    const ready = this.#waiting.filter(({ count }) => this.ended.size >= count);
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { go } of ready) go();
  }
}
