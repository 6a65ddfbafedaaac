import { readFileSync, writeFileSync } from 'node:fs';

/** Writes other bytes into a file that nobody has open, as a failing disk would. @throws when they do not stand there once at least. */
export function overwrite(file: string, from: string, to: string): void {
  const text = readFileSync(file).toString('latin1');
  if (!text.includes(from)) throw new Error(`${file} has no "${from}".`);
  writeFileSync(file, Buffer.from(text.replaceAll(from, to), 'latin1'));
}
