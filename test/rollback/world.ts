import { createEnvironment, openMessageLog } from '@redress/core';
import type {
  Change,
  Commit,
  Entry,
  LogContext,
  LoggedMessage,
  MessageLog,
  MessageLogOptions,
  Output,
  Recoverable,
  Sink,
  Store,
} from '@redress/core';
import { createMemoryDatabase, memoryStore } from '@redress/memory';
import type { MemoryDatabase } from '@redress/memory';
import { seededRandom, VirtualClock } from '@redress/testkit';

/** Thrown by nothing and answered by nothing: what happens when a process has died. */
const never = new Promise<never>(() => {});

/** What may be done wrong, one line of the table each. */
export type Fault =
  | 'log-in-memory'
  | 'acknowledge-before-log'
  | 'output-before-log'
  | 'trim-before-checkpoint'
  | 'replay-by-time'
  | 'outputs-without-key'
  | 'inexact-position'
  | 'chance-not-logged'
  | 'no-deduplication';

export interface Sum {
  total: number;
  handled: number[];
  /** What chance had said for each message. */
  chances: Record<number, number>;
}

const nothing = (): Sum => ({ total: 0, handled: [], chances: {} });

/** What of an account is kept. */
class State implements Recoverable {
  readonly id = 'p';
  value: Sum = nothing();
  capture(): string {
    return JSON.stringify(this.value);
  }
  restore(state: string | Uint8Array | undefined): void {
    this.value = state === undefined ? nothing() : (JSON.parse(String(state)) as Sum);
  }
}

/** A source of numbered messages, a process that logs them, and a sink that counts: with a crash at chosen points. */
export class World {
  readonly clock = new VirtualClock();
  private readonly random = seededRandom(7);
  private database: MemoryDatabase = createMemoryDatabase();
  private life = 0;
  private points = 0;
  private crashAt: number | undefined;
  private crashed!: () => void;
  /** What the outside has seen, by key: each body that came. */
  readonly delivered = new Map<string, unknown[]>();
  /** What the source still has to send. */
  private readonly source: number[];
  private redelivered = 1_000;
  log: MessageLog | undefined;
  state = new State();
  readonly names: string[] = [];

  constructor(
    readonly messages: number,
    private readonly fault?: Fault,
    private readonly options: Partial<MessageLogOptions> = {},
  ) {
    this.source = Array.from({ length: messages }, (_, i) => i + 1);
  }

  /** Runs until all is done, or until the crash at this point. Answers the points that were passed. */
  async live(crashAt?: number): Promise<number> {
    this.life += 1;
    this.points = 0;
    this.crashAt = crashAt;
    const dead = new Promise<'dead'>((resolve) => (this.crashed = () => resolve('dead')));
    const all = this.run(this.life);
    const end = await this.clock.until(Promise.race([all, dead]));
    if (end === 'dead' && this.fault === 'log-in-memory') this.database = createMemoryDatabase();
    return this.points;
  }

  /** The process dies here, when its number is up: whatever it does after this is not seen by anybody. */
  private async point(name: string, life: number): Promise<void> {
    if (life !== this.life || this.crashAt === -1) return never;
    this.points += 1;
    this.names.push(name);
    if (this.points !== this.crashAt) return;
    this.crashAt = -1;
    this.crashed();
    await never;
  }

  private async run(life: number): Promise<'done'> {
    this.state = new State();
    const log = await openMessageLog({
      store: this.store(life),
      state: this.recoverable(),
      handle: (message, context) => this.handle(message, context, life),
      sinks: { world: this.sink(life) },
      environment: createEnvironment({ clock: this.clock, random: this.random }),
      checkpointEvery: 4,
      keep: 1,
      redeliverMs: 100,
      ...this.options,
    });
    this.log = log;
    // Three at a time and one at a time, so that messages share commits, and handlers run ahead of them.
    for (let width = 3; this.source.length > 0; width = 4 - width) {
      await Promise.all(this.source.slice(0, width).map((n) => this.give(log, n, life)));
    }
    await log.drained();
    await log.close();
    return 'done';
  }

  private async give(log: MessageLog, n: number, life: number): Promise<void> {
    const forget = (): void => void (this.source.includes(n) && this.source.splice(this.source.indexOf(n), 1));
    await this.point('source:send', life);
    if (this.fault === 'acknowledge-before-log') forget();
    const sequence = this.fault === 'no-deduplication' ? this.redelivered++ : n;
    await log.accept({ from: 'source', sequence, body: n });
    await this.point('source:ack', life);
    forget();
  }

  private async handle({ body }: LoggedMessage, context: LogContext, life: number): Promise<void> {
    const n = body as number;
    await Promise.resolve();
    const chance = this.fault === 'chance-not-logged' ? this.random.next() : context.random();
    this.state.value.total += n;
    this.state.value.handled.push(n);
    this.state.value.chances[n] = chance;
    const output = { n, chance, total: this.state.value.total };
    if (this.fault !== 'output-before-log') return void context.send('world', output);
    await this.point('handler:output', life);
    this.seen({ key: `p/${context.position}/0`, body: output });
  }

  private seen({ key, body }: Pick<Output, 'key' | 'body'>): void {
    const by = this.fault === 'outputs-without-key' ? `${key}#${this.redelivered++}` : key;
    this.delivered.set(by, [...(this.delivered.get(by) ?? []), body]);
  }

  private sink(life: number): Sink {
    return {
      kind: 'idempotent',
      deliver: async (outputs) => {
        await this.point('sink:before', life);
        for (const output of outputs) this.seen(output);
        await this.point('sink:after', life);
      },
    };
  }

  private recoverable(): Recoverable {
    const { state } = this;
    return state;
  }

  /** The store as this life sees it: each commit may be the last thing that it asks for, or be applied and never answered. */
  private store(life: number): Store {
    // Many records share a millisecond; here all of them do.
    const clock = this.fault === 'replay-by-time' ? new VirtualClock() : this.clock;
    const store = memoryStore({ shared: this.database, clock, random: this.random });
    const commit = async (change: Change): Promise<Commit> => {
      await this.point('commit:before', life);
      const done = await this.applied(store, change, life);
      await this.point('commit:after', life);
      return done;
    };
    let checkpoint: Entry | undefined;
    const load = async (...args: Parameters<Store['load']>): ReturnType<Store['load']> => {
      await this.point('load', life);
      const loaded = await store.load(...args);
      if (this.fault !== 'replay-by-time' || !loaded) return loaded;
      checkpoint = loaded.entries.findLast(({ type }) => type === 'checkpoint') ?? checkpoint;
      const { index, at } = checkpoint ?? { index: Infinity, at: 0 };
      return { ...loaded, entries: loaded.entries.filter((entry) => entry.index <= index || entry.at > at) };
    };
    return new Proxy(store, {
      get: (target, name) => (name === 'commit' ? commit : name === 'load' ? load : (Reflect.get(target, name) as unknown)),
    });
  }

  private async applied(store: Store, change: Change, life: number): Promise<Commit> {
    if (this.fault === 'trim-before-checkpoint' && change.trimTo !== undefined && change.expect !== 'absent') {
      const { head } = await store.commit({ id: change.id, expect: change.expect, entries: [], trimTo: change.trimTo });
      await this.point('trim', life);
      return store.commit({ ...change, expect: head });
    }
    if (this.fault === 'inexact-position') {
      const entries = change.entries.map((entry) => (entry.type === 'checkpoint' ? { ...entry, data: behind(String(entry.data)) } : entry));
      const meta = String(change.head?.meta ?? '').replaceAll(/"position":(\d+)/g, (_, n: string) => `"position":${Number(n) - 1}`);
      return store.commit({ ...change, entries, head: { ...change.head, meta } });
    }
    return store.commit(change);
  }
}

function behind(manifest: string): string {
  const { position, ...rest } = JSON.parse(manifest) as { position: number };
  return JSON.stringify({ position: position - 1, ...rest });
}

/** What must hold when all is done, whatever happened on the way; or what does not. */
export function verdict(world: World): string | undefined {
  const { handled, total } = world.state.value;
  const each = Array.from({ length: world.messages }, (_, i) => i + 1);
  const sorted = [...handled].sort((a, b) => a - b);
  const missing = each.filter((n) => !handled.includes(n));
  if (missing.length > 0) return `input lost: ${missing.join(', ')}`;
  if (sorted.length > each.length) return `input applied twice: ${sorted.join(', ')}`;
  if (total !== each.reduce((a, b) => a + b, 0)) return `total ${total}`;
  if (world.delivered.size > each.length) return `output duplicated: ${world.delivered.size} keys`;
  if (world.delivered.size < each.length) return `output lost: ${world.delivered.size} keys`;
  for (const [key, bodies] of world.delivered) {
    const { n, chance } = bodies[0] as { readonly n: number; readonly chance: number };
    if (world.state.value.chances[n] !== chance) return `orphan output: ${key} says what the state does not`;
    if (new Set(bodies.map((body) => JSON.stringify(body))).size > 1) return `orphan output: ${key} had ${bodies.length} values`;
  }
  return undefined;
}
