import { createSupervisor, RestartLimitError } from '@redress/core';
import type { Screen } from '@redress/example-shared';
import { wrap } from '@redress/example-shared';
import { Crew } from './crew.js';

export const INTENSITY = 3;

export interface CrashLoop {
  readonly starts: number;
  readonly gaveUp: boolean;
  readonly left: readonly number[];
}

/** A teller that cannot run: starting it again mends nothing, and the supervisor says so instead of going on for ever. */
export async function crashLoop(screen: Screen, file: string): Promise<CrashLoop> {
  const crew = new Crew();
  const crashing = crew.teller(file, 'crash');
  const supervisor = createSupervisor({
    name: 'broken',
    intensity: INTENSITY,
    periodMs: 60_000,
    children: [
      {
        id: 'teller',
        // It never gets as far as being ready. That a first start fails is said at once; a loop begins where it counts as started.
        start: (context) => ({ ended: (async () => (await crashing(context)).ended)() }),
      },
    ],
  });
  const ended = supervisor.ended.then(
    () => undefined,
    (error: unknown) => error,
  );
  await supervisor.start();
  const error = await ended;
  const gaveUp = error instanceof RestartLimitError;
  if (gaveUp) for (const line of wrap(`✖ ${error.message.split('\n')[0]}`, screen.width, 2)) screen.line(line);
  return { starts: crew.processes.length, gaveUp, left: crew.left };
}
