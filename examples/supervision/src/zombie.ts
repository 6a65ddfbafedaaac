import { createEnvironment, createSupervisor } from '@redress/core';
import type { ChildSpec, Store } from '@redress/core';
import type { Screen } from '@redress/example-shared';
import { Crew } from './crew.js';
import { until } from './until.js';

const FENCED = 75;
const PATIENCE_MS = 15_000;

export interface Zombie {
  /** It was taken for dead, could not be ended, and another one took its place. */
  readonly replaced: boolean;
  /** It ended because the store refused what it wrote. */
  readonly refused: boolean;
  /** What stands in the store: the life that wrote each entry, in order. */
  readonly writers: readonly number[];
  readonly left: readonly number[];
}

/**
 * A teller on the other side of a network that breaks: it lives and writes, but no question and no signal reaches it. The
 * supervisor takes it for dead and begins another life. Nobody could end the first one, so the store has to refuse it.
 */
export async function zombie(screen: Screen, store: Store, file: string): Promise<Zombie> {
  const crew = new Crew();
  const environment = createEnvironment();
  let broken = false;
  let replaced = false;
  const start = crew.teller(file);
  const remote: ChildSpec['start'] = async (context) => {
    const running = await start(context);
    // What would reach the first one gets lost.
    return context.generation === 1 ? { ended: running.ended, ping: () => (broken ? new Promise(() => {}) : true) } : running;
  };
  environment.events.on('child.abandoned', () =>
    screen.line(`${screen.colors.yellow('?')} remote does not answer and cannot be reached: abandoned`),
  );
  environment.events.on('child.restarted', () => {
    replaced = true;
    screen.line(`${screen.colors.green('↺')} remote is back, life 2, with a newer token`);
  });
  const health = { periodMs: 100, timeoutMs: 100, failureThreshold: 3 };
  const supervisor = createSupervisor({
    ...{ name: 'abroad', environment, store },
    children: [{ id: 'remote', start: remote, health, shutdownMs: 100 }],
  });
  const ended = supervisor.ended.catch(() => {});
  await supervisor.start();
  const [first] = crew.processes;
  screen.line('… the network to remote breaks');
  broken = true;
  await until(() => first?.exitCode !== null && replaced, PATIENCE_MS);
  const refused = first?.exitCode === FENCED;
  if (refused) screen.line(`${screen.colors.red('✋')} the zombie wanted to write: refused by the store, and it ended`);
  else first?.kill('SIGKILL');
  // The other one works.
  await until(async () => (await writersIn(store)).includes(2), PATIENCE_MS);
  await supervisor.stop();
  await ended;
  return { replaced, refused, writers: await writersIn(store), left: crew.left };
}

async function writersIn(store: Store): Promise<readonly number[]> {
  const entries = (await store.load('supervised/abroad/remote'))?.entries ?? [];
  return entries.flatMap(({ key, type }) => (type === 'child.wrote' ? [Number(key.split(':')[0])] : []));
}
