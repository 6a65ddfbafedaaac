import { checkpointed } from './checkpoints.js';
import type { Attempt, Checkpoints } from './checkpoints-types.js';
import type { CheckpointOptions } from './options.js';
import { TrackedArray } from './tracked-array.js';
import { TrackedMap } from './tracked-map.js';
import { TrackedSet } from './tracked-set.js';

export interface Entry {
  readonly cents: number;
  readonly text?: string;
}

export class Account {
  balance = 100;
  owner: { readonly name: string } = { name: 'Ada' };
  readonly entries = new TrackedMap<string, Entry>();
  readonly marks = new TrackedSet<string>();
  readonly log = new TrackedArray<string>();
}

export interface Opened {
  readonly account: Account;
  readonly handle: Checkpoints;
  run<T>(body: (account: Account, attempt: Attempt) => T | PromiseLike<T>, operation?: string): Promise<T>;
}

export function open(options: CheckpointOptions = {}): Opened {
  const account = new Account();
  const handle = checkpointed(account, options);
  return { account, handle, run: (body, operation = 'call') => handle.run(operation, (attempt) => body(account, attempt)) };
}

/** All that a reader sees, in its order. */
export function shown(account: Account): unknown {
  const { balance, owner, entries, marks, log } = account;
  return { balance, owner, entries: [...entries], size: entries.size, marks: [...marks], log: [...log] };
}

export const turns = async (count = 5): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Something to wait for. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
