import { sleep } from '../../base/clock.js';
import { StoreUnavailableError } from '../../base/errors.js';
import type { ChannelItem } from '../channel/entry.js';
import { retainChannel } from '../channel/upkeep.js';
import type { Life } from '../independent/life.js';
import type { Recovery } from '../independent/group.js';
import type { ProcessId } from '../words.js';
import { SnapshotAbortedError, SnapshotMissingError } from './errors.js';
import { MarkerRound } from './markers.js';
import { amend, begin, readRecord, withPart } from './record.js';
import type { SnapshotRecord } from './record.js';

const PREFIX = 'snapshot:';
const LOOK_MS = 10;

interface Part {
  readonly round: MarkerRound;
  readonly epoch: number;
  readonly checkpoint: number;
}

/**
 * The snapshots that one process takes part in. A state is an ordinary checkpoint, pinned, so a snapshot is a line of
 * checkpoints, and a channel's state is a range of positions in a log that is there anyway.
 */
export class Snapshots {
  readonly #parts = new Map<string, Part>();

  constructor(private readonly life: Life) {
    life.onMarker = (from, item) => this.#meet(from, item).catch((error: unknown) => this.#leave(error));
    life.onLook = () => this.tidy();
  }

  /** Begins one, and waits until it is whole. @throws SnapshotAbortedError after a recovery, or `withinMs`. */
  async take(name: string, withinMs: number): Promise<SnapshotRecord> {
    const { store, group, environment } = this.life.member;
    const { clock } = environment;
    const end = clock.monotonic() + withinMs;
    if (await readRecord(store, group, name)) throw new SnapshotAbortedError(name, 'there is one of this name');
    const epoch = await this.life.turn(async () => {
      await this.#record(name, this.life.epoch);
      await this.#tell(name);
      return this.life.epoch;
    });
    for (;;) {
      const record = await readRecord(store, group, name);
      if (record?.status === 'whole') return record;
      const why = this.#whyNot(record, epoch, clock.monotonic() > end);
      if (why !== undefined) {
        await this.release(name);
        throw new SnapshotAbortedError(name, why);
      }
      await sleep(clock, LOOK_MS);
    }
  }

  /** The states and ranges need not be kept any more. Who has pinned them lets them go at its next look. */
  async release(name: string): Promise<void> {
    const { store, group } = this.life.member;
    const over = (record: SnapshotRecord): SnapshotRecord => (record.status === 'over' ? record : { ...record, status: 'over' });
    await amend(store, group, begin(name, this.life.epoch, []), over);
    await this.tidy();
  }

  /** Ends the pins and retentions of snapshots that are over, or that a recovery has overtaken. */
  async tidy(): Promise<void> {
    const { member, epoch } = this.life;
    const { store, group, stream } = member;
    for (const pin of Object.keys(stream.record.pinned).filter((one) => one.startsWith(PREFIX))) {
      const name = pin.slice(PREFIX.length);
      const record = await readRecord(store, group, name);
      const isPresent = this.#parts.get(name)?.epoch === epoch;
      const isOver = record?.status === 'over' || (record?.status !== 'whole' && !isPresent);
      if (!isOver) continue;
      await this.life.turn(() => member.unpin(pin));
      this.#parts.delete(name);
    }
  }

  /** Goes back to it, with the whole group; what was in the channels comes again. @throws SnapshotMissingError */
  async restore(name: string): Promise<Recovery> {
    const { store, group, id } = this.life.member;
    const record = await readRecord(store, group, name);
    if (record?.status !== 'whole') throw new SnapshotMissingError(name, record ? `it is ${record.status}` : 'there is none');
    const recovery = await this.life.ask({ by: id, to: record.states, scope: 'group' });
    const isThere = Object.entries(record.states).every(([process, number]) => recovery.line[process] === number);
    if (isThere) return recovery;
    throw new SnapshotMissingError(name, 'some of its checkpoints were undone, so the group has not gone back to it');
  }

  /** The others see that this one has not taken part. */
  #leave(error: unknown): void {
    if (!(error instanceof StoreUnavailableError)) throw error;
    this.life.member.tell('snapshot.left', { error });
  }

  #whyNot(record: SnapshotRecord | undefined, epoch: number, isLate: boolean): string | undefined {
    if (this.life.isOver) return 'the process that began it has ended';
    if (this.life.epoch !== epoch) return 'the group has recovered meanwhile';
    if (record?.status === 'over') return 'it was released';
    return isLate ? 'not all members have taken part in time' : undefined;
  }

  async #meet(from: ProcessId, { name: marker, data, position }: ChannelItem & { readonly kind: 'marker' }): Promise<void> {
    const epoch = Number(data);
    // One from before a recovery belongs to a snapshot that is over.
    if (!marker.startsWith(PREFIX) || epoch !== this.life.epoch) return;
    const name = marker.slice(PREFIX.length);
    if (!this.#parts.has(name)) await this.#record(name, epoch);
    const part = this.#parts.get(name);
    // Its own part has failed: the snapshot will be given up.
    if (!part?.round.isRecorded) return;
    part.round.close(from, position);
    if (part.round.isComplete) await this.#tell(name);
  }

  /** State, then a marker into each channel, before anything else is sent. */
  async #record(name: string, epoch: number): Promise<void> {
    const { member, postman } = this.life;
    const { store, group, id } = member;
    const pin = PREFIX + name;
    const positions = Object.fromEntries(postman.others.map((from) => [from, member.present.positions[from] ?? 0]));
    for (const [old, part] of this.#parts) if (part.epoch !== epoch) this.#parts.delete(old);
    const part: Part = { round: new MarkerRound(postman.others, true), epoch, checkpoint: member.interval };
    this.#parts.set(name, part);
    // The pin comes first: whoever ends it ends the retentions, also of a life that died between them.
    await this.life.take(pin);
    for (const from of postman.others) await retainChannel(store, { group, from, to: id }, pin, positions[from] as number);
    part.round.record(positions);
    await Promise.all(postman.others.map((to) => postman.to(to)?.mark(pin, String(epoch)) ?? Promise.resolve(0)));
  }

  /** Writes what is known here. */
  async #tell(name: string): Promise<void> {
    const { store, group, id } = this.life.member;
    const { round, epoch, checkpoint } = this.#parts.get(name) as Part;
    const members = [id, ...this.life.postman.others].sort();
    const part = (record: SnapshotRecord): SnapshotRecord =>
      record.epoch === epoch && record.members.length > 0 ? withPart(record, id, checkpoint, round.ranges) : record;
    await amend(store, group, begin(name, epoch, members), part);
  }
}
