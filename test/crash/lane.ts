import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Scenario = 'forward' | 'refused' | 'unknown' | 'parallel';

export interface RunId {
  readonly scenario: Scenario;
  readonly run: string;
}

/** What a child is told: see child.mjs. */
export interface Job {
  readonly start: readonly RunId[];
  readonly watch?: string;
  readonly killAt?: string;
  readonly until: readonly RunId[];
  readonly stepMs?: number;
  readonly stopAfterMs?: number;
}

export interface Life {
  /** Places that the watched run came by, in their order. */
  readonly points: readonly string[];
  readonly killed: boolean;
  /** What a child said that did not end well. */
  readonly error?: string;
}

export const LEASE_MS = 300;
const LIMIT_MS = 60_000;
const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

/** One journal and one outside in a folder, and the processes that live on them, one after the other. */
export class Lane {
  readonly runs: RunId[] = [];
  processes = 0;
  kills = 0;
  private next = 1;

  constructor(
    readonly place: string,
    readonly store: string,
  ) {}

  /** A run that nobody has started yet. */
  newRun(scenario: Scenario): RunId {
    const run = { scenario, run: `${scenario}-${this.next++}` };
    this.runs.push(run);
    return run;
  }

  /** `stopped`: fulfilled when it has stopped itself. */
  spawn(job: Job): { readonly child: ChildProcess; readonly life: Promise<Life>; readonly stopped: Promise<void> } {
    this.processes += 1;
    const told = { ...job, place: this.place, store: this.store, leaseMs: LEASE_MS };
    const child = spawn(process.execPath, [CHILD, JSON.stringify(told)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (err += data.toString()));
    const stopped = new Promise<void>((resolve) => {
      child.stdout.on('data', () => out.includes('stopped\n') && resolve());
    });
    const limit = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS);
    const life = new Promise<Life>((resolve) => {
      child.on('close', (code, signal) => {
        clearTimeout(limit);
        const killed = signal === 'SIGKILL';
        if (killed) this.kills += 1;
        const points = [...out.matchAll(/^at (.*)$/gm)].map(([, point]) => point as string);
        const well = killed || (code === 0 && out.endsWith('ended\n'));
        resolve(well ? { points, killed } : { points, killed, error: `${String(signal ?? code)} ${err.slice(-2_000)}` });
      });
    });
    return { child, life, stopped };
  }

  /** One process from its start to its end. @throws Error when it ends in another way than by itself or by the kill. */
  async live(job: Job): Promise<Life> {
    const life = await this.spawn(job).life;
    if (life.error !== undefined) throw new Error(`A process in ${this.place} ended with ${life.error}`);
    return life;
  }
}
