import type { Codec } from '../../base/codec.js';
import type { Environment } from '../../base/environment.js';
import { ConflictError } from '../../base/errors.js';
import type { Store } from '../../base/store.js';
import { Archive } from './archive.js';
import { Encoding, inSlices } from './encoding.js';
import { envelopeEntry, Payload } from './envelope.js';
import type { Envelope } from './envelope.js';
import { CheckpointNotFoundError, CheckpointVerbError } from './errors.js';
import type { State } from './frames.js';
import type { Holder } from './holder.js';
import { choose, stateOf } from './restoring.js';
import { streamId } from './pen.js';
import type { Reader } from './restoring.js';

const KIND = 'savepoint';

/** Where a savepoint is found, also by another object of the same shape. */
export interface SavepointPlace {
  readonly savepoint: string;
  /** Whose it is. Default: the object's own. */
  readonly id?: string;
  readonly name?: string;
}

/** Checkpoints with a name, in streams of their own: whole, readable by any version of Node, and kept until they are dropped. */
export class Savepoints {
  constructor(
    private readonly holder: Holder,
    private readonly store: Store,
    private readonly environment: Environment,
    private readonly reader: Reader,
    /** Name and id. */
    private readonly owner: readonly string[],
  ) {}

  private stream(label: string, owner = this.owner): string {
    return streamId(KIND, ...owner, label);
  }

  async save(label: string): Promise<void> {
    const { environment, holder, reader } = this;
    const codec: Codec = environment.codec;
    const encoding = new Encoding(holder, codec).begin();
    const payload = new Payload();
    try {
      await inSlices(environment.clock, encoding.frames(), (one) => payload.add(one));
    } finally {
      encoding.end();
    }
    const sum = payload.end();
    const envelope: Omit<Envelope, 'format'> = {
      number: 1,
      kind: 'base',
      chain: 1,
      after: 0,
      holder: holder.name,
      codec: codec.name,
      schemaVersion: reader.version,
      fingerprint: reader.fingerprint,
      incarnation: 0,
      at: environment.clock.now(),
      bytes: payload.bytes,
      chunks: payload.chunks.length,
      sum,
    };
    try {
      await this.store.commit({
        id: this.stream(label),
        expect: 'absent',
        create: { kind: KIND, name: streamId(KIND, ...this.owner) },
        // The word tells a repetition of this very commit from another savepoint of the same name and state.
        entries: [
          { key: 'created', type: 'checkpoint.created', data: environment.random.word() },
          ...payload.entries(1),
          envelopeEntry('checkpoint.saved', envelope),
        ],
        head: { status: 'pinned' },
      });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      throw new CheckpointVerbError(
        holder.name,
        `savepoint("${label}")`,
        'there is one of this name',
        'Drop it before, or take another name.',
      );
    }
  }

  async list(): Promise<readonly string[]> {
    const labels: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await this.store.scan({ kind: KIND, name: streamId(KIND, ...this.owner), ...(after !== undefined && { after }) });
      labels.push(...page.heads.map(({ id }) => id.slice(this.stream('').length).replaceAll('%2F', '/').replaceAll('%25', '%')));
      if (page.next === undefined) return labels;
      after = page.next;
    }
  }

  /** False when there is none. */
  async drop(label: string): Promise<boolean> {
    const found = await this.store.load(this.stream(label), { limit: 0 });
    return found ? this.store.drop(found.head.id, { version: found.head.version, stamp: found.head.stamp }) : false;
  }

  /** @throws CheckpointNotFoundError; RecoveryFailedError when it is damaged. */
  async state({ savepoint, id, name }: SavepointPlace, own: { readonly id: string; readonly name: string }): Promise<State> {
    const owner = [name ?? own.name, id ?? own.id];
    const found = await this.store.load(this.stream(savepoint, owner));
    if (!found)
      throw new CheckpointNotFoundError(this.holder.name, `savepoint "${savepoint}" of ${owner.join(' ')}`, (await this.list()).join(', '));
    const archive = new Archive(this.holder.name);
    for (const entry of found.entries) archive.read(entry);
    const chosen = await choose(archive, this.reader, undefined);
    if (!chosen) throw new CheckpointNotFoundError(this.holder.name, `savepoint "${savepoint}"`, '');
    return stateOf(chosen.path, chosen.kept.envelope as Envelope, this.reader);
  }
}
