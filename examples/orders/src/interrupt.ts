import { killAll } from './lives.js';
import { removeAll } from './workplace.js';

/** Ctrl-C and the like: nothing that was started stays behind, and nothing that was made; files that somebody named do. */
export function interrupt(code: number, text: string): never {
  killAll();
  removeAll();
  if (text) process.stderr.write(text);
  process.exit(code);
}
