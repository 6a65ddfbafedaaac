import type { Redis } from 'ioredis';
import type { ServerProblem } from './checks.js';
import type { Lane } from './lane.js';
import type { Lanes } from './lanes.js';
import type { Partition } from './layout.js';
import { refusalOf, unavailable } from './refusal.js';
import { suffices } from './wait.js';
import type { Acknowledged, Wait } from './wait.js';

/** Lets each master that holds partitions acknowledge a write, as each commit will. @throws StoreUnavailableError */
export async function tryWaiting(lanes: Lanes, partitions: readonly Partition[]): Promise<readonly ServerProblem[]> {
  const tried = await Promise.all(lanes.open(partitions).map((one) => tryOne(lanes.wait, one)));
  return tried.flat();
}

async function tryOne(
  wait: Wait,
  { node, lane, partition }: { readonly node: Redis; readonly lane: Lane; readonly partition: Partition },
): Promise<readonly ServerProblem[]> {
  const { host, port, path } = node.options;
  const subject = `Redis at ${path ?? `${host}:${port}`}`;
  try {
    const given = await lane.trial(partition.record);
    return suffices(wait, given) ? [] : [tooFew(subject, wait, given)];
  } catch (error) {
    return [refused(subject, wait, error)];
  }
}

function tooFew(subject: string, { replicas, timeoutMs }: Wait, given: Acknowledged): ServerProblem {
  if (given.replicas < replicas) {
    const cause = `within ${timeoutMs} ms ${given.replicas} of ${replicas} replicas acknowledged a write.`;
    const remedy = 'Connect its replicas, or ask for fewer in `wait.replicas`, or for more time in `wait.timeoutMs`.';
    return { code: 'CONFIG_STORE_REPLICAS', subject, cause, remedy };
  }
  const cause = `within ${timeoutMs} ms it did not confirm that a write is on its disk.`;
  return { code: 'CONFIG_STORE_WAIT', subject, cause, remedy: 'Give it more time in `wait.timeoutMs`, or set `appendfsync always`.' };
}

/** @throws StoreUnavailableError when it will pass by itself. */
function refused(subject: string, { onDisk }: Wait, error: unknown): ServerProblem {
  const command = onDisk ? 'WAITAOF' : 'WAIT';
  const said = error instanceof Error ? error.message : '';
  if (/unknown command/i.test(said)) {
    const cause = `it does not know ${command}, with which commits would wait.`;
    const remedy = onDisk ? 'Update it to 7.2 or newer, or leave `wait.onDisk` out.' : 'Use a server that replicates, or leave `wait` out.';
    return { code: 'CONFIG_STORE_WAIT', subject, cause, remedy };
  }
  if (/appendonly is disabled/i.test(said)) {
    const cause = '`appendonly` is off, so no write is ever on its disk.';
    return { code: 'CONFIG_STORE_PERSISTENCE', subject, cause, remedy: 'Set `appendonly yes`, or leave `wait.onDisk` out.' };
  }
  if (refusalOf(error) === 'NOPERM') {
    const cause = `this user may not call ${command}, with which commits would wait.`;
    return { code: 'CONFIG_STORE_WAIT', subject, cause, remedy: `Grant \`+${command.toLowerCase()}\`.` };
  }
  throw unavailable(error);
}
