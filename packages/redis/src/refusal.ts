import { RedressError, StoreUnavailableError } from '@redress/core';

/** What Redis says when it will not, what that means, and what to do. Nothing was written in any of these cases. */
const REFUSALS: Readonly<Record<string, string>> = {
  READONLY: 'it is a read-only replica, and nothing was written. Connect to its master; in a failover this passes by itself.',
  OOM: 'it has no memory left, and nothing was written. Raise its `maxmemory`, or purge runs that have ended.',
  MISCONF: 'it cannot save to its disk and takes no writes. Look at its log, and give it room on the disk.',
  NOREPLICAS: 'it has fewer replicas than `min-replicas-to-write`, and nothing was written. Bring its replicas back.',
  LOADING: 'it is still loading its data. Wait until it has.',
  MASTERDOWN: 'it is a replica that has lost its master. Bring the master back, or wait for the failover.',
  BUSY: 'a script keeps it busy. Wait, or end that script with SCRIPT KILL.',
  MOVED: 'the key lies on another node of its cluster. Hand in a `Cluster` of ioredis.',
  CLUSTERDOWN: 'its cluster is down or lacks slots. Wait for the failover, or mend the cluster.',
  TRYAGAIN: 'the slot is being moved, and nothing was written. Wait until it has been.',
  NOAUTH: 'it wants a password. Give one in the URL or to the client.',
  WRONGPASS: 'it does not know this user and password. Mend them in the URL or the client.',
  NOPERM: 'this user may not do that. Let it run scripts, and read and write the keys of the namespace.',
  WRONGTYPE: 'a key of the namespace holds something else. Give this store a namespace of its own.',
};

const CODE = new RegExp(`(?:^|[-\\s])(${Object.keys(REFUSALS).join('|')})\\b`);

/** The word by which Redis names its refusal, or undefined when the error is none that we know. */
export function refusalOf(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : '';
  if (/ACL failure|executing the script can't/.test(message)) return 'NOPERM';
  return CODE.exec(message)?.[1];
}

/** What a verb throws when Redis refused, or did not answer. Errors of ours stay as they are. */
export function unavailable(error: unknown): RedressError {
  if (RedressError.is(error)) return error;
  const refusal = refusalOf(error);
  if (refusal !== undefined) return new StoreUnavailableError(`Redis refused: ${REFUSALS[refusal]}`, error);
  const said = error instanceof Error ? error.message : String(error);
  return new StoreUnavailableError(`Redis gave no answer, so it is not known what was written: ${said}`, error);
}
