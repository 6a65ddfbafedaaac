import type { Clock } from '../../base/clock.js';
import type { Codec } from '../../base/codec.js';
import { CodecError } from '../../base/errors.js';
import type { Archive, Kept } from './archive.js';
import type { Envelope } from './envelope.js';
import { CheckpointNotFoundError, FutureVersionError, MigrationError, RecoveryFailedError, SchemaDriftError } from './errors.js';
import { inSlices } from './encoding.js';
import { apply, readFrames } from './frames.js';
import type { State } from './frames.js';
import { brought } from './migrate.js';
import type { Shape } from './migrate.js';
import type { StateCodec } from './v8-codec.js';
import { WIRE } from './v8-codec.js';

/** Longer than those of a checkpoint: each costs a turn, in which the garbage of decoding is collected. */
const SLICE_MS = 20;

/** What reads a state that is stored. */
export interface Reader extends Shape {
  readonly clock: Clock;
  readonly fingerprint: string;
  readonly codecs: readonly (StateCodec | Codec)[];
  readonly logReaches: ((position: number) => boolean | PromiseLike<boolean>) | undefined;
}

export interface Chosen {
  readonly kept: Kept;
  readonly path: readonly Uint8Array[];
  /** The newest one is damaged; this one has, or can get, all that it had. */
  readonly damaged: number | undefined;
}

/**
 * The newest checkpoint, or an older one when that is damaged and nothing that was acknowledged is lost by it; undefined
 * when there is none. @throws RecoveryFailedError.
 */
export async function choose(archive: Archive, reader: Reader, from: number | undefined): Promise<Chosen | undefined> {
  const { newest } = archive;
  if (from !== undefined) {
    const kept = archive.find(from);
    const path = kept && archive.path(kept);
    if (kept && path) return { kept, path, damaged: undefined };
    throw new CheckpointNotFoundError(
      reader.holder,
      `checkpoint ${from} that is whole`,
      archive.kept.map(({ number }) => number).join(', '),
    );
  }
  if (!newest) {
    // A stream has lost its checkpoints only when something was trimmed away that should not have been.
    return undefined;
  }
  const path = archive.path(newest);
  const isWhole = path !== undefined && archive.bytes(newest) !== undefined;
  if (path && isWhole) return { kept: newest, path, damaged: undefined };
  if (path) return { kept: archive.kept[archive.kept.length - 2] as Kept, path, damaged: newest.number };
  let older: { readonly kept: Kept; readonly path: readonly Uint8Array[] } | undefined;
  for (const kept of archive.kept.slice(0, -1).reverse()) {
    const way = archive.path(kept);
    if (way && kept.envelope) {
      older = { kept, path: way };
      break;
    }
  }
  const position = older?.kept.envelope?.logPosition;
  if (older && position !== undefined && (await reader.logReaches?.(position)) === true) return { ...older, damaged: newest.number };
  throw new RecoveryFailedError(reader.holder, newest.number, 'its bytes are not those that were written', older?.kept.number);
}

/** Refuses what today's code must not read. Nothing is decoded yet. */
export function checkEnvelope(envelope: Envelope, reader: Reader): void {
  const { holder, version } = reader;
  if (envelope.schemaVersion > version) throw new FutureVersionError(holder, 'version', envelope.schemaVersion, version);
  if (envelope.wire !== undefined && envelope.wire > WIRE) throw new FutureVersionError(holder, 'the V8 format', envelope.wire, WIRE);
  if (envelope.schemaVersion === version && envelope.fingerprint !== reader.fingerprint) {
    throw new SchemaDriftError(holder, version, envelope.fingerprint, reader.fingerprint);
  }
  for (let step = envelope.schemaVersion; step < version; step++) {
    if (!reader.migrate[step]) throw new MigrationError(holder, step, `"migrate" has no step ${step}`);
  }
}

/** The state in today's form. */
export async function stateOf(path: readonly Uint8Array[], envelope: Envelope, reader: Reader): Promise<State> {
  checkEnvelope(envelope, reader);
  const codec = reader.codecs.find(({ name }) => name === envelope.codec);
  if (!codec) throw new CodecError(`${reader.holder} was written by the codec "${envelope.codec}", which is not registered here.`, '');
  const state: State = new Map();
  for (const bytes of path) await inSlices(reader.clock, readFrames(codec, bytes), (block) => apply(state, [block]), SLICE_MS);
  return brought(state, envelope.schemaVersion, reader);
}
