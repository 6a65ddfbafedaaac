import type { Environment } from '../../base/environment.js';
import type { Data, Durability, Store } from '../../base/store.js';
import type { ProcessId, Recoverable } from '../words.js';
import type { CoordinationFailingError } from './errors.js';

/** What is saved and restored together with a member's state, such as the ends of its channels. */
export interface Companion {
  /** Everything that the state has sent is durable when this is fulfilled. No call is running. */
  flush(): Promise<void>;
  /** Synchronous, with the state. */
  capture(): Data;
  /** Before the member joins an epoch. Undefined: the beginning. */
  restore(own: Data | undefined, epoch: number): Promise<void>;
  /** A round was committed with what was captured: nobody goes back behind it. */
  committed?(own: Data): Promise<void>;
}

export interface GroupOptions {
  readonly store: Store;
  readonly group: string;
  /** All members, the same list for each of them, for as long as the group lives. */
  readonly members: readonly ProcessId[];
  /** What this member keeps; its id is the member. */
  readonly state: Recoverable;
  readonly companion?: Companion;
  /** Default: `createEnvironment()`. */
  readonly environment?: Environment;
  /** Refuse to join over a store whose answered writes survive less. Default: any store. */
  readonly requires?: Durability;
  /** A round is begun so long after the last one, in milliseconds. Default: only when somebody asks for it. */
  readonly everyMs?: number;
  /** A round that is not committed by then is given up, in milliseconds. Default: 10,000. */
  readonly deadlineMs?: number;
  /** A member whose calls have not ended by then declines, in milliseconds. Default: half of `deadlineMs`. */
  readonly pauseMs?: number;
  /** How often the group is looked at where the store does not tell of changes, in milliseconds. Default: 100. */
  readonly pollMs?: number;
  /** So many rounds may fail one after the other. Default: 2. */
  readonly tolerate?: number;
  /** Called once for each streak of more. Default: the event `round.failing` alone. */
  readonly onFailing?: (error: CoordinationFailingError) => void;
}

export interface RoundOptions {
  /** Keep it until `release`, and let no later round subsume it. Default: false. */
  readonly pinned?: boolean;
}

/** A member of a group that takes its checkpoints together: see `joinGroup`. */
export interface GroupMember extends AsyncDisposable {
  readonly process: ProcessId;
  /** In which its state was restored; 0 before. What is sent to other members carries it, and they refuse what is of an older one. */
  readonly epoch: number;
  /** Fulfilled when all members have joined for the first time. Rejects when this one cannot. */
  readonly ready: Promise<void>;
  /** Fulfilled with what has ended it, undefined after `leave`. Never rejects. */
  readonly ended: Promise<unknown>;
  /**
   * Runs `fn` while the member is at work: it waits for the end of a round or of a recovery. Everything that changes the state or
   * speaks to other members belongs into such a call.
   * @throws EpochOverError when the group was taken back meanwhile; NoMemberError after the end.
   */
  call<T>(fn: () => T | Promise<T>): Promise<T>;
  /** Takes a checkpoint of all members. Answers its number. @throws CoordinationAbortedError when it did not come about. */
  checkpoint(options?: RoundOptions): Promise<number>;
  /** Takes all members back to the last committed round. */
  recover(why: string): Promise<void>;
  /** Lets a pinned checkpoint go. */
  release(round: number): Promise<void>;
  /** Ends this member's part. The others cannot take checkpoints before it is there again, and all are taken back then. */
  leave(): Promise<void>;
}
