import type { Problem } from '@redress/core';
import type { Reply } from './wire.js';

/** What a commit waits for before it is answered. */
export interface WaitOptions {
  /** So many replicas must have the commit. Default: 1, or 0 with `onDisk`. */
  readonly replicas?: number;
  /**
   * The commit must be on the disk of this server and of those replicas (`WAITAOF`, Redis 7.2 or newer), though they sync
   * only every second. Default: false.
   */
  readonly onDisk?: boolean;
  /**
   * A commit that has not been acknowledged within so many milliseconds is refused as unavailable: it is not known whether
   * it will be there. Below `commandTimeoutMs`. Default: 1000, with `onDisk` 3000.
   */
  readonly timeoutMs?: number;
}

export type Wait = Required<WaitOptions>;

const MOST_REPLICAS = 100;

export function waitOf(options: WaitOptions): Wait {
  const { onDisk = false } = options;
  // A server that syncs every second confirms within two.
  const { replicas = onDisk ? 0 : 1, timeoutMs = onDisk ? 3_000 : 1_000 } = options;
  return { replicas, onDisk, timeoutMs };
}

/** What is wrong with the option. */
export function checkWait(options: unknown, commandTimeoutMs: number): readonly Problem[] {
  const subject = 'redisStore, wait';
  if (typeof options !== 'object' || options === null) {
    return [{ subject, cause: 'it is no set of options.', remedy: 'Give one such as { replicas: 1, timeoutMs: 1000 }.' }];
  }
  const problems: Problem[] = [];
  const { replicas, onDisk, timeoutMs } = waitOf(options);
  if (!Number.isInteger(replicas) || replicas < 0 || replicas > MOST_REPLICAS) {
    const cause = `${String(replicas)} is no number of replicas.`;
    problems.push({ subject: `${subject}.replicas`, cause, remedy: `Give a whole number from 0 to ${MOST_REPLICAS}.` });
  }
  if (typeof onDisk !== 'boolean') {
    problems.push({ subject: `${subject}.onDisk`, cause: `${String(onDisk)} is neither true nor false.`, remedy: 'Give true or false.' });
  } else if (replicas === 0 && !onDisk) {
    const cause = 'no replica and no disk: there is nothing to wait for.';
    problems.push({ subject, cause, remedy: 'Give `replicas: 1`, or `onDisk: true`, or leave `wait` out.' });
  }
  // The server waits in whole milliseconds, and 0 would be for ever.
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs >= commandTimeoutMs) {
    const cause = `${String(timeoutMs)} is no whole number of milliseconds from 1 to below \`commandTimeoutMs\` (${commandTimeoutMs}).`;
    problems.push({ subject: `${subject}.timeoutMs`, cause, remedy: 'Give less, or raise `commandTimeoutMs`.' });
  }
  return problems;
}

/** The command that waits for all that its connection has written. */
export function waitCall({ replicas, onDisk, timeoutMs }: Wait): readonly [name: string, ...args: string[]] {
  return onDisk ? ['waitaof', '1', `${replicas}`, `${timeoutMs}`] : ['wait', `${replicas}`, `${timeoutMs}`];
}

/** Who acknowledged, as the command answers it. */
export interface Acknowledged {
  readonly disk: boolean;
  readonly replicas: number;
}

export function acknowledged(wait: Wait, reply: Reply): Acknowledged {
  if (!wait.onDisk) return { disk: false, replicas: Number(reply) };
  const [local, replicas] = reply as readonly Reply[];
  return { disk: Number(local) >= 1, replicas: Number(replicas) };
}

export function suffices(wait: Wait, { disk, replicas }: Acknowledged): boolean {
  return replicas >= wait.replicas && (disk || !wait.onDisk);
}
