import { judge, showInvariants } from '@redress/example-shared';
import type { Screen } from '@redress/example-shared';
import * as acts from './acts.js';
import { nodes } from './nodes.js';
import type { Options } from './options.js';

/** All acts, one after the other, and what must be true after them. Answers the exit code. */
export async function play(screen: Screen, options: Options): Promise<number> {
  screen.line('Redress  one service class, and a supplier that is not well');
  screen.line();
  const played: acts.Act[] = [];
  const { retry, recover, detect, bulkhead, rateLimit, hedge, redundant } = acts;
  for (const act of [retry, recover, detect, bulkhead, rateLimit, hedge, redundant, nodes]) {
    for (const one of [await act()].flat()) {
      played.push(one);
      screen.row(screen.colors.bold(one.policy), one.happened);
    }
  }
  screen.line();
  const invariants = judge(played.map(({ claim, isTrue }) => [claim, isTrue ? [] : ['it is not so']]));
  showInvariants(screen, invariants);
  const ok = invariants.every((one) => one.ok);
  if (options.json) process.stdout.write(`${JSON.stringify({ ok, acts: played }, undefined, 2)}\n`);
  return ok ? 0 : 1;
}
