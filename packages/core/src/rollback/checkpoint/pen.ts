import { sleep } from '../../base/clock.js';
import type { Environment } from '../../base/environment.js';
import { ConflictError, StoreRegressionError, StoreUnavailableError } from '../../base/errors.js';
import type { Commit, Entry, Head, HeadPatch, NewEntry, Store } from '../../base/store.js';
import { NotServedError } from './errors.js';

const KIND = 'checkpoint';

/** The id of a stream made of names that may have slashes of their own. */
export function streamId(...parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/');
}

const TRIES = 4;
const PAUSE_MS = 20;
const PAGE = 32;

/** One life's guarded writes to the stream of one holder: the store refuses a life that is not the last one to begin. */
export class Pen {
  private head: Head | undefined;
  private readonly life: string;

  constructor(
    private readonly environment: Environment,
    private readonly store: Store,
    private readonly holder: string,
    readonly stream: string,
  ) {
    this.life = environment.random.word();
  }

  get length(): number {
    return this.head?.length ?? 0;
  }

  /** +1 with each claim and each rollback, by the same commit. */
  get incarnation(): number {
    return this.head?.claims ?? 0;
  }

  /** Everything that is there, entry by entry; answers the head, or undefined when there is nothing; `changed`: to be read again. */
  async read(each: (entry: Entry) => void): Promise<Head | 'changed' | undefined> {
    let head: Head | undefined;
    for (let from = 0; ;) {
      const page = await this.store.load(this.stream, { from, limit: PAGE });
      if (!page) return undefined;
      // Somebody writes meanwhile: what was read is not of one moment.
      if (head && page.head.version !== head.version) return 'changed';
      head = page.head;
      for (const entry of page.entries) each(entry);
      const last = page.entries.at(-1);
      if (!last || last.index + 1 >= head.length) return head;
      from = last.index + 1;
    }
  }

  /** Takes the stream over as it was read, whatever any clock says. False: it is another one by now, and is to be read again. */
  async claim(seen: Head | undefined): Promise<boolean> {
    const before = seen ?? (await this.create());
    if (!before) return false;
    const { version, stamp, claims } = before;
    try {
      const change = { id: this.stream, expect: { version, stamp }, entries: [], head: { owner: this.life, claims: claims + 1 } };
      this.head = (await this.store.commit(change)).head;
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      await sleep(this.environment.clock, PAUSE_MS);
      return false;
    }
  }

  private async create(): Promise<Head | undefined> {
    try {
      const made = await this.store.commit({
        id: this.stream,
        expect: 'absent',
        create: { kind: KIND, name: this.stream },
        entries: [{ key: 'created', type: 'checkpoint.created', data: this.life }],
        head: { status: 'live', wake: { inMs: 0 } },
      });
      return made.head;
    } catch (error) {
      if (error instanceof ConflictError) return undefined;
      throw error;
    }
  }

  /**
   * Appends, all or nothing. A write whose answer was lost is repeated.
   * @throws NotServedError when another process has taken the object over; StoreRegressionError when the store has lost
   * what it had answered; StoreUnavailableError: not known.
   */
  async commit(entries: readonly NewEntry[], patch: HeadPatch, trimTo: number | undefined): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { version, stamp } = this.head as Head;
      const trim = trimTo === undefined ? {} : { trimTo };
      try {
        this.accept(await this.store.commit({ id: this.stream, expect: { version, stamp }, entries, head: patch, ...trim }));
        return;
      } catch (error) {
        if (error instanceof ConflictError) await this.lookAgain(error);
        else if (!(error instanceof StoreUnavailableError) || tries >= TRIES) throw error;
        else await sleep(this.environment.clock, PAUSE_MS * 2 ** tries);
        if (tries > 2 * TRIES) throw error;
      }
    }
  }

  private accept({ head, applied }: Commit): void {
    if (!applied && head.owner !== this.life) throw this.fenced();
    this.head = head;
  }

  /** An own write whose answer was lost has moved the version as well. */
  private async lookAgain(error: ConflictError): Promise<void> {
    const head = (await this.store.load(this.stream, { limit: 0 }))?.head;
    const known = this.head as Head;
    if (head?.owner === this.life) this.head = head;
    if (!head || head.version < known.version) throw new StoreRegressionError(this.stream, known.version, head?.version ?? 0);
    if (head.owner !== this.life) throw this.fenced(error);
    if (head.version === known.version) throw error;
  }

  private fenced(cause?: unknown): NotServedError {
    return new NotServedError(this.holder, 'another process has taken it over', 'Call it there.', cause);
  }
}
