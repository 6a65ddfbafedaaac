import { createEnvironment, createSupervisor } from '@redress/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { Tellers } from './branch.js';
import type { Place } from './branch.js';

/** What is done to the three: all killed at once, two, one; one stopped; one killed while it starts; the store away for a while. */
export type Act = 'all' | 'two' | 'one' | 'pause' | 'at-start' | 'no-store';

export interface Storm {
  /** So many rounds, or for so long. */
  readonly rounds?: number;
  readonly forMs?: number;
  readonly acts: readonly Act[];
  readonly seed: number;
}

export interface Report {
  readonly rounds: number;
  readonly restarts: number;
  /** Most processes at one moment. */
  readonly most: number;
  readonly slowestMs: number;
  readonly problems: readonly string[];
}

const WANTED = 3;
const PATIENCE_MS = 60_000;

/** A supervisor over three processes, to which one act after the other happens; after each there must be three again. */
export async function storm(place: Place, { rounds = Infinity, forMs = Infinity, acts, seed }: Storm): Promise<Report> {
  const tellers = new Tellers();
  const environment = createEnvironment();
  const problems: string[] = [];
  let restarts = 0;
  environment.events.on('child.restarted', () => (restarts += 1));
  const supervisor = createSupervisor({
    ...{ name: 'branch', environment, store: place.store },
    // Each kill is wanted here: no number of them is a crash loop. Where the store may be away, a pause is too.
    ...{ intensity: 1_000_000, periodMs: 1_000, ...(acts.includes('no-store') && { backoff: { minMs: 20, maxMs: 200 } }) },
    children: [
      {
        ...{ id: 'teller', count: WANTED, start: tellers.start(place), shutdownMs: 2_000 },
        // Only who may be stopped is asked: a busy machine must not look like a failure.
        health: acts.includes('pause') && { periodMs: 200, timeoutMs: 1_000, failureThreshold: 2 },
      },
    ],
  });
  const ended = supervisor.ended.catch((error: unknown) => problems.push(String(error)));
  const running = (): number => supervisor.children().filter(({ state }) => state === 'running').length;
  const chance = chances(seed);
  const start = performance.now();
  let round = 0;
  let slowestMs = 0;
  await supervisor.start();
  try {
    for (; round < rounds && performance.now() - start < forMs && problems.length === 0; round++) {
      const act = acts[round % acts.length] as Act;
      await sleep(100 * chance());
      const began = performance.now();
      const victims = await happen(act, place, tellers, chance);
      const gone = (): boolean => victims.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
      const back = await until(() => gone() && running() === WANTED && tellers.alive.length === WANTED);
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - began));
      const living = place.living().length;
      if (!back || living !== WANTED) problems.push(`round ${round}, ${act}: ${living} processes, ${running()} running`);
    }
  } finally {
    await supervisor.stop();
    await ended;
  }
  if (tellers.most > WANTED) problems.push(`there were ${tellers.most} at one moment`);
  if (place.living().length > 0) problems.push(`left behind: ${place.living().join(', ')}`);
  for (let i = 1; i <= WANTED; i++) problems.push(...(await place.overlaps(`supervised/branch/teller.${i}`)));
  return { rounds: round, restarts, most: tellers.most, slowestMs, problems };
}

/** Answers those that it has killed or stopped. */
async function happen(act: Act, place: Place, tellers: Tellers, chance: () => number) {
  const shuffled = tellers.alive.map((one) => [chance(), one] as const).toSorted(([a], [b]) => a - b);
  const alive = shuffled.map(([, one]) => one);
  if (act === 'no-store') {
    await place.server?.kill();
    const killed = alive.slice(0, 2);
    killed.forEach((one) => one.kill('SIGKILL'));
    await sleep(500 * chance());
    await place.server?.up();
    return killed;
  }
  const victims = alive.slice(0, { all: 3, two: 2, one: 1, pause: 1, 'at-start': 1 }[act]);
  victims.forEach((one) => one.kill(act === 'pause' ? 'SIGSTOP' : 'SIGKILL'));
  if (act !== 'at-start') return victims;
  // The one that comes in its place is not ready yet.
  const before = tellers.started.length;
  await until(() => tellers.started.length > before);
  const young = tellers.started.slice(before);
  await sleep(20 * chance());
  young.forEach((one) => one.kill('SIGKILL'));
  return [...victims, ...young];
}

async function until(isTrue: () => boolean): Promise<boolean> {
  const end = performance.now() + PATIENCE_MS;
  while (!isTrue()) {
    if (performance.now() > end) return false;
    await sleep(2);
  }
  return true;
}

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function chances(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
