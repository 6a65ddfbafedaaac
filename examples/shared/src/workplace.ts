import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the files of one demo lie: the journal, and the outside world. */
export interface Workplace {
  readonly store: string;
  readonly world: string;
  /** The folder that was made for them, if one was. */
  readonly folder?: string;
  /** Removes what was made; files that somebody named stay. */
  remove(): void;
}

const made = new Set<Workplace>();

/** Makes a folder for them, named after the example. */
export function temporaryWorkplace(example: string): Workplace {
  const folder = mkdtempSync(join(tmpdir(), `redress-${example}-`));
  const place: Workplace = {
    store: join(folder, 'journal.db'),
    world: join(folder, 'world.db'),
    folder,
    remove() {
      made.delete(place);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  made.add(place);
  return place;
}

/** Removes all temporary folders that are still there. */
export function removeAll(): void {
  for (const place of made) place.remove();
}

/** This one stays, whatever comes: somebody will want to look into it. */
export function keep(place: Workplace): void {
  made.delete(place);
}

export function namedWorkplace(files: { readonly file: string; readonly world: string }): Workplace {
  return { store: files.file, world: files.world, remove: () => {} };
}
