import { judge, seeded, showInvariants, showTable, workplace } from '@redress/example-shared';
import type { Invariant, Screen } from '@redress/example-shared';
import { sqliteStore } from '@redress/sqlite';
import { chaos, WANTED } from './chaos.js';
import type { Chaos } from './chaos.js';
import { crashLoop, INTENSITY } from './crash-loop.js';
import type { CrashLoop } from './crash-loop.js';
import type { Options } from './options.js';
import { zombie } from './zombie.js';
import type { Zombie } from './zombie.js';

/** The three acts, and what must be true after them. Answers the exit code. */
export async function play(screen: Screen, options: Options): Promise<number> {
  screen.line(`Redress  ${WANTED} processes, ${options.kills} kill${options.kills === 1 ? '' : 's'}, seed ${options.seed}`);
  screen.line();
  const place = workplace('supervision');
  const store = sqliteStore(place.store);
  try {
    const killed = await chaos(screen, store, place.store, options.kills, seeded(options.seed));
    screen.line();
    const returned = await zombie(screen, store, place.store);
    screen.line();
    const looped = await crashLoop(screen, place.store);
    screen.line();
    const invariants = check(killed, returned, looped);
    const ok = invariants.every((one) => one.ok);
    show(screen, killed, looped, invariants);
    const { kills, restarts, mostAlive, backAfterMs } = killed;
    const summary = {
      ok,
      kills,
      restarts,
      mostAlive,
      backAfterMs,
      zombieRefused: returned.refused,
      crashLoopStarts: looped.starts,
      invariants,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
    return ok ? 0 : 1;
  } finally {
    await store.close();
    place.remove();
  }
}

function check(killed: Chaos, returned: Zombie, looped: CrashLoop): readonly Invariant[] {
  const { kills, restarts, mostAlive, backAfterMs } = killed;
  const left = [...killed.left, ...returned.left, ...looped.left];
  const late = returned.writers.filter((life, i) => life < Math.max(...returned.writers.slice(0, i + 1)));
  const unless = (ok: boolean, text: string): string[] => (ok ? [] : [text]);
  return judge([
    [`there never were more than ${WANTED}`, unless(mostAlive <= WANTED, `there were ${mostAlive}`)],
    [`after each kill there were ${WANTED} again`, backAfterMs.flatMap((ms, i) => unless(ms !== undefined, `not after kill ${i + 1}`))],
    ['each kill was followed by one restart', unless(restarts === kills, `${kills} kills, ${restarts} restarts`)],
    ['the one that was taken for dead was replaced', unless(returned.replaced, 'it was not')],
    ['its write was refused when it came back', unless(returned.refused, 'it was not')],
    ['what its successor wrote was accepted', unless(returned.writers.includes(2), 'it was not')],
    ['after its successor had begun, nothing of it was written', unless(late.length === 0, `${late.length} entries were`)],
    [
      `the crash loop was stopped after ${INTENSITY} restarts`,
      unless(looped.gaveUp && looped.starts === INTENSITY + 1, `${looped.starts} starts`),
    ],
    ['no process was left behind', left.map((pid) => `process ${pid}`)],
  ]);
}

function show(screen: Screen, killed: Chaos, looped: CrashLoop, invariants: readonly Invariant[]): void {
  const back = killed.backAfterMs.filter((ms) => ms !== undefined);
  showTable(screen, [
    ['kills survived', killed.kills],
    ['restarts', killed.restarts],
    ['most alive at one moment', killed.mostAlive],
    ['slowest return, ms', back.length > 0 ? Math.max(...back) : '–'],
    ['starts of the crash loop', looped.starts],
  ]);
  screen.line();
  showInvariants(screen, invariants);
}
