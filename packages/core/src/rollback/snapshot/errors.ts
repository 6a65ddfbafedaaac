import { RedressError } from '../../base/errors.js';

/** Markers need channels that keep the order of sending. Code `SNAPSHOT_UNORDERED`. */
export class UnorderedChannelError extends RedressError {
  constructor() {
    super(
      'SNAPSHOT_UNORDERED',
      'A snapshot by markers needs channels that keep the order of sending; this transport does not: use colours.',
    );
  }
}

/** A recovery came between, or the time was over: the snapshot will never be whole. Code `SNAPSHOT_ABORTED`. */
export class SnapshotAbortedError extends RedressError {
  constructor(name: string, why: string) {
    super('SNAPSHOT_ABORTED', `The snapshot "${name}" was given up: ${why}.`, { retryable: true, details: { name, why } });
  }
}

/** There is no whole snapshot of this name, or a part of it was undone or released since. Code `SNAPSHOT_MISSING`. */
export class SnapshotMissingError extends RedressError {
  constructor(name: string, what: string) {
    super('SNAPSHOT_MISSING', `The snapshot "${name}" cannot be read: ${what}.`, { details: { name } });
  }
}
