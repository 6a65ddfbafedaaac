import { createHash } from 'node:crypto';
import type { Environment } from '../../base/environment.js';
import { ConfigurationError } from '../../base/errors.js';
import { NonDeterminismError, TooManyUnconfirmedError } from './errors.js';
import type { Made } from './outbox.js';
import type { Determinant } from './records.js';
import type { LogContext } from './types.js';

/** What a context needs of its log. */
export interface ContextHost {
  readonly process: string;
  readonly environment: Environment;
  /** The sinks that there are. */
  has(sink: string): boolean;
  /** How many more outputs may be made. */
  room(): number;
  readonly cap: number;
  /** Makes what this message took until now durable, with all before it. */
  secure(position: number, taken: readonly Determinant[]): Promise<void>;
}

/** One run of a handler: first along what was logged, then on its own. */
export class Context implements LogContext {
  readonly made: Made[] = [];
  /** What was taken since the last that is logged. */
  private taken: Determinant[] = [];
  private next = 0;
  private asked = 0;
  private open = 0;
  private diverged: NonDeterminismError | undefined;
  overflow: TooManyUnconfirmedError | undefined;
  private ended = false;

  /** `isWhole`: the handler has returned in the log, so that there is nothing beyond it. */
  constructor(
    private readonly host: ContextHost,
    readonly position: number,
    private readonly logged: readonly Determinant[],
    private readonly isWhole: boolean,
  ) {}

  get replaying(): boolean {
    return this.isWhole || this.next < this.logged.length;
  }

  now(): number {
    return this.take('now', () => ['now', this.host.environment.clock.now()])[1];
  }

  random(): number {
    return this.take('random', () => ['random', this.host.environment.random.next()])[1];
  }

  uuid(): string {
    return this.take('uuid', () => ['uuid', newUuid(() => this.host.environment.random.next())])[1];
  }

  patched(id: string): boolean {
    const there = this.logged[this.next];
    if (this.replaying && !(there?.[0] === 'patched' && there[1] === id)) return false;
    this.take('patched', () => ['patched', id]);
    return true;
  }

  async effect<T>(name: string, fn: (key: string) => T | Promise<T>): Promise<T> {
    const key = `${this.host.process}/${this.position}/e${this.asked++}`;
    if (this.replaying) {
      const [, logged, isFulfilled, value] = this.take('effect', () => ['effect', name, true, undefined]);
      if (logged !== name) throw this.diverge(`effect ${logged}`, `effect ${name}`);
      if (isFulfilled) return copy(this.host.environment, value) as T;
      throw copy(this.host.environment, value);
    }
    this.check();
    this.alone();
    this.open += 1;
    try {
      const before = this.taken.splice(0);
      await this.host.secure(this.position, before);
      return await this.perform(name, key, fn);
    } finally {
      this.open -= 1;
    }
  }

  private async perform<T>(name: string, key: string, fn: (key: string) => T | Promise<T>): Promise<T> {
    try {
      const value = copy(this.host.environment, await fn(key)) as T;
      this.check();
      this.taken.push(['effect', name, true, value]);
      return copy(this.host.environment, value) as T;
    } catch (error) {
      if (!this.ended) this.taken.push(['effect', name, false, kept(this.host.environment, error)]);
      throw error;
    }
  }

  send(sink: string, body: unknown): string {
    const { process, environment } = this.host;
    if (!this.host.has(sink)) {
      const subject = `The handler of "${process}"`;
      throw new ConfigurationError([
        { subject, cause: `there is no sink "${sink}".`, remedy: 'Name it in `sinks` when the log is opened.' },
      ]);
    }
    const encoded = environment.codec.encode(body);
    const digest = createHash('sha1').update(encoded).digest('base64').slice(0, 16);
    if (!this.replaying && this.made.length >= this.host.room())
      throw (this.overflow ??= new TooManyUnconfirmedError(process, this.host.cap));
    const [, logged, was] = this.take('send', () => ['send', sink, digest]);
    if (logged !== sink) throw this.diverge(`an output for ${logged}`, `one for ${sink}`);
    if (was !== digest) throw this.diverge(`an output for ${sink} with the digest ${was}`, `one with ${digest}`);
    const key = `${process}/${this.position}/${this.made.length}`;
    this.made.push({ sink, key, body: environment.codec.decode(encoded) });
    return key;
  }

  /** After the handler: what it took since the last that is logged. @throws NonDeterminismError, whatever the handler made of it. */
  end(): readonly Determinant[] {
    this.ended = true;
    if (this.diverged) throw this.diverged;
    if (this.open > 0)
      throw new Error(`The handler of message ${this.position} returned before an effect that it had begun. Await each effect.`);
    if (this.next < this.logged.length) throw this.diverge(shown(this.logged[this.next] as Determinant), 'nothing more');
    return this.taken;
  }

  /** After a handler that threw. */
  abandon(): { readonly taken: readonly Determinant[]; readonly diverged: NonDeterminismError | undefined } {
    this.ended = true;
    return { taken: this.taken, diverged: this.diverged };
  }

  private take<K extends Determinant[0]>(
    kind: K,
    make: () => Extract<Determinant, readonly [K, ...unknown[]]>,
  ): Extract<Determinant, readonly [K, ...unknown[]]> {
    this.check();
    this.alone();
    if (!this.replaying) {
      const made = make();
      this.taken.push(made);
      return made;
    }
    const logged = this.logged[this.next];
    if (logged?.[0] !== kind) throw this.diverge(logged ? shown(logged) : 'nothing more', kind);
    this.next += 1;
    return logged as Extract<Determinant, readonly [K, ...unknown[]]>;
  }

  private check(): void {
    if (this.diverged) throw this.diverged;
    if (this.ended) throw new Error(`The handler of message ${this.position} has returned: its context is of no use any more.`);
  }

  /** Which of two things at a time comes first is chance that nobody logs. */
  private alone(): void {
    if (this.open > 0)
      throw new Error(`The handler of message ${this.position} asked for something during an effect. Await each effect first.`);
  }

  private diverge(expected: string, actual: string): NonDeterminismError {
    return (this.diverged ??= new NonDeterminismError(this.host.process, this.position, expected, actual));
  }
}

function shown([kind, name]: Determinant): string {
  return kind === 'effect' ? `effect ${name}` : kind === 'send' ? `an output for ${name}` : kind === 'patched' ? `patched ${name}` : kind;
}

/** As a replay will see it. */
function copy(environment: Environment, value: unknown): unknown {
  return environment.codec.decode(environment.codec.encode(value));
}

/** An error that cannot be kept is kept by what it says. */
function kept(environment: Environment, error: unknown): unknown {
  try {
    return copy(environment, error);
  } catch {
    return new Error(String(error));
  }
}

/** RFC 9562, version 4. */
function newUuid(random: () => number): string {
  const bytes = Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
