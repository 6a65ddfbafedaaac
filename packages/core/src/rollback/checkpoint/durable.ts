import type { Environment } from '../../base/environment.js';
import { messageOf, StoreRegressionError, StoreUnavailableError } from '../../base/errors.js';
import type { Head, HeadPatch } from '../../base/store.js';
import type { DependencyVector } from '../words.js';
import { Archive } from './archive.js';
import type { Kept } from './archive.js';
import { changedFrames, Encoding, inSlices, stateFrames } from './encoding.js';
import { envelopeEntry, Payload } from './envelope.js';
import type { Envelope, EnvelopeType } from './envelope.js';
import type { State } from './frames.js';
import { view } from './history-view.js';
import type { CheckpointInfo } from './history-view.js';
import type { Holder } from './holder.js';
import type { Pen } from './pen.js';
import { choose, stateOf } from './restoring.js';
import type { Chosen, Reader } from './restoring.js';
import { Tracker } from './tracker.js';
import type { StateCodec } from './v8-codec.js';

/** Chunks in one commit: half a MiB, so that no store is busy with one of them for long. */
const CHUNKS_AT_ONCE = 2;
const LONGEST_CHAIN = 16;
const TRIES = 10;

/** What a checkpoint says beside the state: for message logs and recovery lines. */
export interface CheckpointNotes {
  readonly logPosition?: number;
  readonly vector?: DependencyVector;
}

interface Facts extends CheckpointNotes {
  readonly kind: Envelope['kind'];
  readonly to?: number;
  readonly after: number;
  readonly patch?: HeadPatch;
}

/** The checkpoints of one holder in its stream: written one after the other, base and deltas. */
export class Durable {
  readonly tracker = new Tracker();
  private archive: Archive;
  /** The next checkpoint must be whole. */
  private needsBase = true;
  /** The checkpoint whose state it began with, until there is another one. */
  private origin: number | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly holder: Holder,
    private readonly pen: Pen,
    private readonly codec: StateCodec,
    readonly reader: Reader,
    private readonly environment: Environment,
    private readonly keep: number,
  ) {
    this.archive = new Archive(holder.name);
  }

  get history(): readonly CheckpointInfo[] {
    return view(this.archive.kept, this.keep);
  }

  get incarnation(): number {
    return this.pen.incarnation;
  }

  /** One after the other: two at once would fence each other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => {});
    return result;
  }

  /** Reads what is there, takes the object over, and answers the state; undefined when there is none. Nothing is written before all is read and fits. */
  async open(from: number | undefined): Promise<{ readonly state: State; readonly envelope: Envelope } | undefined> {
    for (let tries = 1; ; tries++) {
      const { archive, head } = await this.read();
      const chosen = await choose(archive, this.reader, from);
      const found = chosen && {
        state: await stateOf(chosen.path, chosen.kept.envelope as Envelope, this.reader),
        envelope: chosen.kept.envelope as Envelope,
      };
      if (!(await this.pen.claim(head))) {
        if (tries >= TRIES) throw this.contended();
        continue;
      }
      this.took(archive, chosen);
      return found;
    }
  }

  /** All that is there, of one moment. */
  private async read(): Promise<{ readonly archive: Archive; readonly head: Head | undefined }> {
    for (let tries = 1; tries <= TRIES; tries++) {
      const archive = new Archive(this.holder.name);
      const head = await this.pen.read((entry) => archive.read(entry));
      if (head !== 'changed') return { archive, head };
    }
    throw this.contended();
  }

  private contended(): StoreUnavailableError {
    return new StoreUnavailableError(`${this.holder.name} is being written to, or taken over, by other processes all the time; try again.`);
  }

  private took(archive: Archive, chosen: Chosen | undefined): void {
    archive.release();
    this.archive = archive;
    const envelope = chosen?.kept.envelope;
    const fits = envelope?.schemaVersion === this.reader.version && envelope.codec === this.codec.name && chosen?.kept === archive.newest;
    this.needsBase = !fits;
    this.origin = chosen?.kept.number;
    if (chosen?.damaged !== undefined) this.tell('checkpoint.corrupt', { number: chosen.damaged, used: chosen.kept.number });
    this.tracker.take();
    this.holder.trackers.add(this.tracker);
  }

  /** Saves what has changed. */
  async save(ask: () => CheckpointNotes): Promise<CheckpointInfo | undefined> {
    const notes = ask();
    const { newest } = this.archive;
    if (newest && !this.needsBase && this.tracker.isEmpty && notes.logPosition === undefined && notes.vector === undefined) {
      return this.history.at(-1);
    }
    const after = this.origin ?? this.effective?.number ?? 0;
    if (this.needsBase || !newest) {
      await this.saveBase('checkpoint.saved', { ...notes, kind: 'base', after });
      return this.history.at(-1);
    }
    // What is to be the next base is the state of this very moment.
    const base = this.isLong ? new Encoding(this.holder, this.codec).begin() : undefined;
    const changes = this.tracker.take();
    try {
      await this.write('checkpoint.saved', changedFrames(this.holder, this.codec, changes), { ...notes, kind: 'delta', after });
      if (base) await this.compact(base, notes);
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      base?.end();
    }
    return this.history.at(-1);
  }

  private async saveBase(type: EnvelopeType, facts: Facts): Promise<void> {
    this.tracker.take();
    const base = new Encoding(this.holder, this.codec).begin();
    try {
      await this.write(type, base.frames(), facts);
      this.needsBase = false;
    } catch (error) {
      this.failed(error);
      throw error;
    } finally {
      base.end();
    }
  }

  private async compact(base: Encoding, notes: CheckpointNotes): Promise<void> {
    const after = this.origin ?? this.effective?.number ?? 0;
    try {
      await this.write('checkpoint.compacted', base.frames(), { ...notes, kind: 'base', after });
    } catch (error) {
      // What was to be saved is saved; the chain is longer than it should be.
      this.tell('checkpoint.failed', { error: messageOf(error), what: 'compaction' });
    }
  }

  /** Of what was taken nothing is known to be stored. */
  private failed(error: unknown): void {
    this.needsBase = true;
    // What the store has of these is not known any more: the next one is whole, and stands by itself.
    if (error instanceof StoreRegressionError) this.archive.kept.length = 0;
    this.tell(error instanceof StoreRegressionError ? 'checkpoint.regressed' : 'checkpoint.failed', { error: messageOf(error) });
  }

  /** The last one that is not just another form of the one before. */
  private get effective(): Kept | undefined {
    return this.archive.kept.findLast(({ isCompacted }) => !isCompacted);
  }

  /** A base and deltas of which a restore would take too long. */
  private get isLong(): boolean {
    const at = this.archive.kept.findLastIndex(({ envelope }) => envelope?.kind === 'base');
    const deltas = this.archive.kept.slice(at + 1);
    const bytes = deltas.reduce((sum, { envelope }) => sum + (envelope?.bytes ?? 0), 0);
    return deltas.length >= LONGEST_CHAIN || bytes > Math.max(this.archive.kept[at]?.envelope?.bytes ?? 0, 64 * 1024);
  }

  /** Encodes, stores the chunks, then what says that they belong together; the oldest are forgotten by the same commit. */
  private async write(type: EnvelopeType, frames: Iterable<Uint8Array>, { patch, ...facts }: Facts): Promise<void> {
    const { archive, pen, reader, environment } = this;
    const payload = new Payload();
    await inSlices(environment.clock, frames, (one) => payload.add(one));
    const number = archive.highest + 1;
    archive.highest = number;
    const sum = payload.end();
    const chunks = payload.entries(number);
    let first: number | undefined;
    let at = 0;
    for (; chunks.length - at > CHUNKS_AT_ONCE; at += CHUNKS_AT_ONCE) {
      await pen.commit(chunks.slice(at, at + CHUNKS_AT_ONCE), {}, undefined);
      first ??= pen.length - CHUNKS_AT_ONCE;
    }
    const chain = facts.kind === 'base' ? number : (archive.newest?.envelope?.chain ?? number);
    const incarnation = patch?.claims ?? pen.incarnation;
    const envelope = {
      ...facts,
      ...(this.codec.wire !== undefined && { wire: this.codec.wire }),
      number,
      chain,
      incarnation,
      holder: reader.holder,
      codec: this.codec.name,
      schemaVersion: reader.version,
      fingerprint: reader.fingerprint,
      at: environment.clock.now(),
      bytes: payload.bytes,
      chunks: chunks.length,
      sum,
    };
    const rest = [...chunks.slice(at), envelopeEntry(type, envelope)];
    const kept: Kept = {
      number,
      isCompacted: type === 'checkpoint.compacted',
      first: first ?? pen.length,
      envelope: { format: 1, ...envelope },
    };
    const oldest = this.oldestWith(kept);
    await pen.commit(rest, patch ?? {}, oldest);
    this.origin = undefined;
    archive.add({ ...kept, first: first ?? pen.length - rest.length });
    if (oldest !== undefined)
      archive.kept.splice(
        0,
        archive.kept.findIndex(({ first: index }) => index >= oldest),
      );
    this.tell(type, { number, bytes: payload.bytes, kind: facts.kind });
  }

  /** The first entry that is still needed when one more checkpoint is there. */
  private oldestWith(next: Kept): number | undefined {
    const all = [...this.archive.kept, next];
    const shown = all.filter(({ isCompacted }) => !isCompacted);
    const oldest = shown[Math.max(0, shown.length - this.keep)];
    const chain = oldest?.envelope?.chain;
    const base = all.find(({ number }) => number === chain);
    return base && base.first > 0 ? base.first : undefined;
  }

  /** What the state of an older checkpoint is; read from the store. */
  async stateAt(number: number): Promise<State> {
    const { archive } = await this.read();
    const { kept, path } = (await choose(archive, this.reader, number)) as Chosen;
    return stateOf(path, kept.envelope as Envelope, this.reader);
  }

  /** Appends a checkpoint that has the state of another one. Durable, with the next incarnation, before anything is changed here. */
  async saveRollback(state: State, to: number | undefined, after: number): Promise<void> {
    const patch = { claims: this.pen.incarnation + 1 };
    try {
      await this.write('checkpoint.saved', stateFrames(this.codec, state), { kind: 'base', ...(to !== undefined && { to }), after, patch });
    } catch (error) {
      this.failed(error);
      throw error;
    }
    this.needsBase = false;
    this.tracker.take();
  }

  private tell(name: string, details: Readonly<Record<string, unknown>>): void {
    const { events, clock } = this.environment;
    if (events.listening) events.publish({ name, at: clock.now(), id: this.holder.name, details });
  }
}
