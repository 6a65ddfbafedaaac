import { StoreUnavailableError } from '../../base/errors.js';
import { look, trimIncoming } from './look.js';
import type { Member } from './member.js';

/** Looks at the whole group after each checkpoint: what nobody needs any more, and how far a failure would reach now. */
export class Watcher {
  readonly #useless = new Set<number>();
  #looking: Promise<void> | undefined;
  #hasWarned = false;

  constructor(
    private readonly member: Member,
    private readonly settings: { readonly isForced: boolean; readonly keepsAll: boolean },
    private readonly onLook: () => Promise<void>,
  ) {}

  /** Never two at a time; what it fails of is told, and harms nothing. */
  look(): Promise<void> {
    return (this.#looking ??= this.#look().finally(() => (this.#looking = undefined)));
  }

  async rest(): Promise<void> {
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { member } = this;
    const { incarnation } = member.stream.record;
    try {
      const { report, useless, garbage } = await look(member);
      if (garbage && !this.settings.keepsAll && member.stream.record.incarnation === incarnation) member.garbage = garbage;
      for (const number of useless) this.#useless.add(number);
      const { maxHops, backToStart, checkpointsLost, rolledBack } = report;
      const share = this.#useless.size / Math.max(member.stream.record.highest, 1);
      member.tell('domino.measured', { maxHops, backToStart, checkpointsLost, rolledBack: rolledBack.length, useless: share });
      if (!this.settings.isForced && share > 0) this.#warn(share);
      await this.onLook();
      await trimIncoming(member);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) member.tell('process.blind', { error });
    }
  }

  #warn(share: number): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { id, group } = this.member;
    process.emitWarning(
      `${Math.round(share * 100)} % of the checkpoints of "${id}" in the group "${group}" are in no consistent line: a failure may take ` +
        `all processes back to their start. Use forced: 'bcs'.`,
      { code: 'REDRESS_DOMINO' },
    );
  }
}
