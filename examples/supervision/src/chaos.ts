import { createEnvironment, createSupervisor } from '@redress/core';
import type { Store, Supervisor } from '@redress/core';
import type { Screen } from '@redress/example-shared';
import { setTimeout as sleep } from 'node:timers/promises';
import { Crew } from './crew.js';
import { until } from './until.js';

export const WANTED = 3;
/** How long it may take until there are three again. */
const PATIENCE_MS = 15_000;

export interface Chaos {
  readonly kills: number;
  readonly restarts: number;
  readonly mostAlive: number;
  /** Milliseconds from each kill until there were three again; undefined: there never were. */
  readonly backAfterMs: readonly (number | undefined)[];
  readonly left: readonly number[];
}

/** Three tellers, one of which is killed with -9 again and again, at any moment. */
export async function chaos(screen: Screen, store: Store, file: string, kills: number, chance: () => number): Promise<Chaos> {
  const crew = new Crew();
  const environment = createEnvironment();
  let restarts = 0;
  environment.events.on('child.restarted', ({ details }) => {
    restarts += 1;
    screen.line(`${screen.colors.green('↺')} ${String(details?.['child'])} is back, life ${String(details?.['generation'])}`);
  });
  const supervisor = createSupervisor({
    ...{ name: 'branch', environment, store },
    // Each kill is wanted here: no number of them is a crash loop.
    intensity: kills + 1,
    periodMs: 60_000,
    children: [{ id: 'teller', count: WANTED, start: crew.teller(file), heartbeat: { heartbeatMs: 100, pauseMs: 2_000 } }],
  });
  const ended = supervisor.ended.catch(() => {});
  const view = watch(screen, supervisor, () => restarts);
  const backAfterMs: (number | undefined)[] = [];
  try {
    await supervisor.start();
    for (let n = 1; n <= kills; n++) {
      await sleep(100 + 300 * chance());
      const victim = crew.alive[Math.floor(chance() * crew.alive.length)];
      screen.line(`${screen.colors.red('☠')} kill -9, number ${n}`);
      const [started, before] = [performance.now(), crew.processes.length];
      victim?.kill('SIGKILL');
      const back = await until(
        () => crew.processes.length > before && running(supervisor) === WANTED && crew.alive.length === WANTED,
        PATIENCE_MS,
      );
      backAfterMs.push(back ? Math.round(performance.now() - started) : undefined);
    }
  } finally {
    clearInterval(view);
    await supervisor.stop();
    await ended;
  }
  return { kills, restarts, mostAlive: crew.mostAlive, backAfterMs, left: crew.left };
}

function running(supervisor: Supervisor): number {
  return supervisor.children().filter(({ state }) => state === 'running').length;
}

/** Where the three stand, many times a second, on a terminal that can take back what it showed. */
function watch(screen: Screen, supervisor: Supervisor, restarts: () => number): NodeJS.Timeout {
  return setInterval(() => {
    // Without colours: what is too wide is cut off, wherever that is.
    const tellers = supervisor
      .children()
      .map(({ id, state, generation }) => `${state === 'running' ? '●' : '○'} ${id} life ${generation || '–'}`);
    screen.status(`${tellers.join('   ')}   restarts ${restarts()}`);
  }, 50);
}
