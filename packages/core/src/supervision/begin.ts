import type { Environment } from '../base/environment.js';
import type { Store } from '../base/store.js';
import type { ChildContext } from './child.js';
import { takeFence } from './fence.js';
import { watchHealth, watchHeart } from './health.js';
import type { Heart, Watcher } from './health.js';
import { Life } from './life.js';
import { watchReadiness } from './readiness.js';
import type { Tell } from './reports.js';
import type { Slot } from './slot.js';

interface Surroundings {
  readonly supervisor: string;
  readonly environment: Environment;
  readonly store: Store | undefined;
  readonly tell: Tell;
  readonly onVerdict: (life: Life) => void;
}

/** Begins the next life in a place: fenced first, then started, then watched. */
export function begin(slot: Slot, around: Surroundings): Promise<void> {
  const { spec, id, generation } = slot;
  const { supervisor, environment, store, tell, onVerdict } = around;
  const life = new Life(spec, environment.clock, onVerdict);
  slot.life = life;
  let heart: Heart | undefined;
  let dismissed = false;
  /** True when this life is not the one that is wanted any more: a sign of it is answered by ending it once more. */
  const gone = (): boolean => {
    if (slot.life === life || life.isOver) return false;
    if (!dismissed) tell('child.fenced', id, undefined, { generation });
    dismissed = true;
    life.dismiss();
    return true;
  };
  const contextOf = (fence: ChildContext['fence']): ChildContext => ({
    ...{ supervisor, id, generation, environment, signal: life.signal },
    ...(store ? { store } : {}),
    ...(fence ? { fence } : {}),
    fail: (error) => void (gone() || life.judge({ failed: true, error })),
    beat: () => void (gone() || heart?.beat()),
  });
  const watcher: Watcher = {
    clock: environment.clock,
    signal: life.signal,
    suspect: (details, error) => tell('child.suspected', id, error, { generation, ...details }),
    dead: (error) => life.judge({ failed: true, error }),
  };
  return life
    .begin(async () => {
      const fence = store ? await takeFence(environment, store, supervisor, id) : undefined;
      life.signal.throwIfAborted();
      return spec.start(contextOf(fence));
    })
    .then(() => {
      life.whenOver(() => life.abort());
      if (spec.heartbeat) heart = watchHeart(id, spec.heartbeat, watcher);
      const { running } = life;
      if (!running) return;
      const fail = (error: unknown): void => life.judge({ failed: true, error });
      const health = spec.health ?? (running.ping ? {} : false);
      if (health) void watchHealth(id, running, health, watcher).catch(fail);
      const readiness = spec.readiness ?? (running.ready ? {} : false);
      life.ready = !readiness;
      if (!readiness) return;
      const turn = (ready: boolean, error?: unknown): void => {
        life.ready = ready;
        tell(ready ? 'child.ready' : 'child.unready', id, error, { generation });
      };
      void watchReadiness(id, running, readiness, { clock: environment.clock, signal: life.signal, turn }).catch(fail);
    });
}
