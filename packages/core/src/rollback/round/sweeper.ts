import { ConflictError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import type { Settings } from './options.js';
import type { Register, RoundLine } from './register.js';
import { KIND } from './round-state.js';
import type { StateMeta } from './round-state.js';

/** Each forgets its own states; what those who have died left is looked for after so many rounds. */
const ALL_EVERY = 16;

/** Sweeps in the background, one sweep at a time. */
export class Sweeper {
  private isBusy = false;
  private rounds = 0;
  /** Written by this life, and not forgotten yet. */
  private readonly own = new Map<string, Head>();

  constructor(
    private readonly settings: Pick<Settings, 'store' | 'group' | 'members' | 'state'>,
    private readonly register: () => Promise<Register>,
  ) {}

  wrote(head: Head): void {
    this.own.set(head.id, head);
  }

  /** After a commit. `register`: as it was then. */
  sweep(register: Register, now: number, failed: (error: unknown) => void): void {
    if (this.isBusy) return;
    this.isBusy = true;
    void this.work(register, now)
      .catch(failed)
      .finally(() => (this.isBusy = false));
  }

  private async work(register: Register, now: number): Promise<void> {
    const { store, group, members, state } = this.settings;
    const used = new Set(streamsOf(register));
    // Those of now: what is written while one is being forgotten may be of an epoch that this register does not know.
    for (const head of [...this.own.values()]) {
      const { round, epoch } = JSON.parse(String(head.meta)) as StateMeta;
      // Nobody refers later to what a decided round left behind, so that an old register tells as well as a new one.
      if (used.has(head.id) || (epoch === register.epoch && register.decided[round] === undefined)) continue;
      await forget(store, head);
      this.own.delete(head.id);
    }
    this.rounds += 1;
    // One of them is enough for what others have left.
    if (members[0] === state.id && this.rounds % ALL_EVERY === 1) await sweepStates(store, this.register, group, now);
  }
}

/** False: it was not there, or somebody is at work on it. */
async function forget(store: Store, { id, version, stamp }: Head): Promise<boolean> {
  try {
    return await store.drop(id, { version, stamp });
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

/** Forgets states that no line needs: those of decided rounds at once, tentative ones that nobody refers to when their grace is over. */
async function sweepStates(store: Store, register: () => Promise<Register>, group: string, now: number): Promise<void> {
  const heads: Head[] = [];
  let after: string | undefined;
  do {
    const page = await store.scan({ kind: KIND, name: group, ...(after !== undefined && { after }) });
    heads.push(...page.heads);
    after = page.next;
  } while (after !== undefined);
  // Read after the states were listed: what is referred to by then is kept, and nobody refers to an older one later.
  const agreed = await register();
  const used = new Set(streamsOf(agreed));
  for (const head of heads) if (!used.has(head.id) && isOver(agreed, head, now)) await forget(store, head);
}

function isOver(register: Register, { meta, wakeAt }: Head, now: number): boolean {
  const { round, epoch } = JSON.parse(String(meta)) as StateMeta;
  // Whatever the clocks say: its member may be about to acknowledge it.
  if (epoch === register.epoch && register.open.some(({ number }) => number === round)) return false;
  // A member of an older epoch may still write, and is refused with it.
  if (wakeAt !== null && wakeAt <= now) return true;
  return epoch === register.epoch && register.decided[round] !== undefined && round < register.latest.round;
}

function streamsOf({ latest, line, pinned, open }: Register): readonly string[] {
  const lines: readonly Pick<RoundLine, 'states'>[] = [latest, line, ...pinned, ...open];
  return lines.flatMap(({ states }) => Object.values(states).map(({ stream }) => stream));
}
