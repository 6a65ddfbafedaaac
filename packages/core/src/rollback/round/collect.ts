import { sleep } from '../../base/clock.js';
import type { ProcessId } from '../words.js';
import type { Settings } from './options.js';
import type { RegisterEvent } from './register.js';
import type { RegisterStream } from './register-stream.js';
import { findState } from './round-state.js';

/** Whoever began a round looks for the states of the others for so long; then each acknowledges by itself. */
const PATIENCE_MS = 100;
const FIRST_LOOK_MS = 1;
const EARLIER = 0.9;

type Ack = Extract<RegisterEvent, { type: 'ack' }>;

/**
 * Acknowledgements of members in several processes contend for one register, and each would be news to all. So whoever began a round
 * acknowledges for all whose state it finds written, in one commit. Nobody depends on it: who was not acknowledged in time does it itself.
 */
export class Collector {
  /** The last round that this member has begun. */
  begun: number | undefined;
  private readonly patienceMs: number;
  /** On the monotonic clock. */
  private waitsUntil = -Infinity;
  /** After how long the others were there the last time. */
  private usualMs = FIRST_LOOK_MS;

  constructor(
    private readonly settings: Settings,
    private readonly stream: RegisterStream,
  ) {
    this.patienceMs = Math.min(PATIENCE_MS, settings.deadlineMs / 10);
  }

  /** What others can read may not be on its replicas yet: then only its writer knows that it is there. */
  private get isOn(): boolean {
    return this.stream.isScattered && this.settings.store.durability !== 'replicated';
  }

  /** The state of this member is written: it waits for somebody to acknowledge for it. */
  written(round: number): void {
    const { clock, random } = this.settings.environment;
    const isLeftToOthers = this.begun !== round && this.isOn;
    this.waitsUntil = isLeftToOthers ? clock.monotonic() + this.patienceMs * (1 + random.next()) : -Infinity;
  }

  /** How long it still waits, in milliseconds; 0: no more. */
  get waitMs(): number {
    return Math.max(this.waitsUntil - this.settings.environment.clock.monotonic(), 0);
  }

  /** Acknowledges `own`, and with it all others, or those whose states are there when the patience is over. */
  async acknowledge(own: Ack, isOver: () => boolean): Promise<void> {
    await this.stream.apply(...(await this.collect(own, isOver)));
  }

  private async collect(own: Ack, isOver: () => boolean): Promise<readonly Ack[]> {
    if (this.begun !== own.round || !this.isOn) return [own];
    const { store, group, environment } = this.settings;
    const { clock } = environment;
    const found = new Map<ProcessId, Ack>([[own.process, own]]);
    const look = async (process: ProcessId): Promise<void> => {
      const state = await findState(store, group, process, own.epoch, own.round);
      if (state) found.set(process, { type: 'ack', ...state });
    };
    const missing = (): readonly ProcessId[] => this.stream.register.members.filter((member) => !found.has(member));
    const startedAt = clock.monotonic();
    await sleep(clock, this.usualMs);
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs *= 2) {
      const takenMs = clock.monotonic() - startedAt;
      await Promise.all(missing().map(look));
      const isMissing = missing().length > 0;
      // A little earlier next time where the first look was enough, so that it follows in both directions.
      if (!isMissing) this.usualMs = pauseMs === FIRST_LOOK_MS ? this.usualMs * EARLIER : Math.min(takenMs, this.patienceMs / 2);
      if (!isMissing || isOver() || takenMs + pauseMs > this.patienceMs) return [...found.values()];
      await sleep(clock, pauseMs);
    }
  }
}
