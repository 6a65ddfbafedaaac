import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StorePlace } from './flags.js';

/** Where the journal and the outside world of one demo lie. */
export interface Workplace {
  /** A file, or the address of a Redis server or cluster with a namespace. */
  readonly store: string;
  /** A file. */
  readonly world: string;
  /** The folder that was made for them, if one was. */
  readonly folder?: string;
  /** Removes what was made; what somebody named stays. */
  remove(): void;
}

const made = new Set<Workplace>();
const FORGET = fileURLToPath(new URL('./forget.js', import.meta.url));

/** Where somebody wants it, and what nobody named is made, after the name of the example: a folder, or a namespace. */
export function workplace(example: string, named?: StorePlace): Workplace {
  if (named?.world !== undefined) return { store: named.store, world: named.world, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), `redress-${example}-`));
  const store = named?.store ?? join(folder, 'journal.db');
  const place: Workplace = {
    store,
    world: join(folder, 'world.db'),
    folder,
    remove() {
      made.delete(place);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      if (named) spawnSync(process.execPath, [FORGET], { stdio: 'ignore', env: { ...process.env, REDRESS_FORGET: store } });
    },
  };
  made.add(place);
  return place;
}

/** Removes all that was made and is still there. */
export function removeAll(): void {
  for (const place of made) place.remove();
}

/** This one stays, whatever comes: somebody will want to look into it. */
export function keep(place: Workplace): void {
  made.delete(place);
}
