import { ConflictError } from '../../base/errors.js';
import type { Head, Store } from '../../base/store.js';
import type { Register, RoundLine } from './register.js';
import { KIND } from './round-state.js';
import type { StateMeta } from './round-state.js';

/** Sweeps in the background, one sweep at a time. */
export class Sweeper {
  private isBusy = false;

  constructor(
    private readonly store: Store,
    private readonly group: string,
    private readonly register: () => Promise<Register>,
  ) {}

  sweep(now: number, failed: (error: unknown) => void): void {
    if (this.isBusy) return;
    this.isBusy = true;
    void sweepStates(this.store, this.register, this.group, now)
      .catch(failed)
      .finally(() => (this.isBusy = false));
  }
}

/**
 * Forgets states that no line needs: those of decided rounds at once, tentative ones that nobody refers to when their grace is over.
 * Answers how many.
 */
async function sweepStates(store: Store, register: () => Promise<Register>, group: string, now: number): Promise<number> {
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
  let dropped = 0;
  for (const head of heads) {
    if (used.has(head.id) || !isOver(agreed, head, now)) continue;
    try {
      if (await store.drop(head.id, { version: head.version, stamp: head.stamp })) dropped += 1;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  return dropped;
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
