import { statSync } from 'node:fs';
import { StoreError } from '@redress/core';

/**
 * Whether the file that was opened is still the one under its name: SQLite goes on in a file that was deleted or replaced, and
 * what it writes there is lost with the process. It costs a few microseconds.
 */
export function sameFile(path: string): () => void {
  const opened = statSync(path);
  return () => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.ino === opened.ino && found.dev === opened.dev) return;
    const what = found ? 'another file has taken its place' : 'it was deleted or moved';
    throw new StoreError(
      'STORE_FILE_GONE',
      `The file ${path} is open, and ${what}: nothing more is written. Stop this process, then see to the file.`,
    );
  };
}
