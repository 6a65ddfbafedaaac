// What the replicas of parent.mjs do.
import { writeFileSync } from 'node:fs';

export function answer(act, file) {
  if (file) writeFileSync(file, String(process.pid));
  while (act === 'hangs');
  return process.pid;
}
