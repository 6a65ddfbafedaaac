import { setTimeout as sleep } from 'node:timers/promises';

/** Looks every few milliseconds. False when it has not come true within `ms`. */
export async function until(isTrue: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!(await isTrue())) {
    if (performance.now() > end) return false;
    await sleep(5);
  }
  return true;
}
