import { createEventBus, currentScope } from '@redress/core';
import type {
  Call,
  Change,
  Codec,
  Interceptor,
  RedressEvent,
  RunHandle,
  SagaDefinition,
  StartOptions,
  Store,
  WaitOptions,
} from '@redress/core';
import { redress } from '@redress/decorators';
import type { App, Class } from '@redress/decorators';
import { seededRandom } from '../seeded-random.js';
import type { VirtualClock } from '../virtual-clock.js';
import { captured } from './captured.js';
import { ProcessCrashedError, Trail } from './crash-points.js';
import type { Place } from './crash-points.js';
import type { Mirror } from './mirror.js';
import type { RecoveryOptions } from './options.js';
import { placeOf } from './places.js';
import { ProcessClock } from './process-clock.js';

/** What all processes of a test share. */
export interface Shared {
  readonly clock: VirtualClock;
  readonly mirror: Mirror;
  readonly options: RecoveryOptions;
  /** A connection to the one store. */
  connect(): Store;
  onEvent(event: RedressEvent): void;
  /** Whether the process dies where it came by. */
  dies(place: Place, label: string): boolean;
  /** Around each step and undo. */
  around(call: Call, next: () => Promise<unknown>): Promise<unknown>;
  drive<T>(promise: Promise<T>): Promise<T>;
}

const never = (): Promise<never> => new Promise(() => {});

/** A process, as far as the store and the clock can tell: it can be paused, and it can die. */
export class TestProcess {
  readonly trail = new Trail();
  readonly clock: ProcessClock;
  readonly store: Store;
  app!: App;
  isAlive = true;
  private gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  private readonly death: Promise<never>;
  private die!: (error: Error) => void;

  private constructor(private readonly shared: Shared) {
    this.clock = new ProcessClock(shared.clock);
    this.store = shared.connect();
    this.death = new Promise((_, reject) => (this.die = reject));
    this.death.catch(() => {});
  }

  static async open(shared: Shared, seed: number): Promise<TestProcess> {
    const one = new TestProcess(shared);
    const { container, classes, instances, sagas, steps, store: _, seed: __, interceptors = [], ...rest } = shared.options;
    const events = createEventBus();
    events.on('*', (event) => shared.onEvent(event));
    const environment = { clock: one.clock, random: seededRandom(seed), events };
    // Virtual time costs nothing, heart-beats and looks for due runs do: the driver wakes the worker when one is due.
    const usual = { poll: '5m', lease: '5m', alwaysReplay: process.env['REDRESS_ALWAYS_REPLAY'] === '1' } as const;
    const mine = { store: one.watched(), environment, interceptors: [one.intercept, ...interceptors] };
    const listed = classes ?? (sagas && !container && !instances ? [] : undefined);
    const objects = {
      ...(container && { container: typeof container === 'function' ? container() : container }),
      ...(instances && { instances: typeof instances === 'function' ? instances() : instances }),
      ...(listed && { classes: listed }),
    };
    one.app = await redress({ ...usual, ...rest, ...mine, ...objects });
    one.app.register({ sagas: sagas ?? [], steps: steps ?? [] });
    return one;
  }

  get codec(): Codec {
    return this.app.environment.codec;
  }

  /** Runs a saga to its end, while virtual time passes. `call` calls one saga method, as in `(s) => s.place(order)`. */
  run<T extends object, R>(type: Class<T>, call: (saga: T) => Promise<R>, options?: StartOptions & WaitOptions): Promise<R>;
  run<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions & WaitOptions): Promise<R>;
  run(target: Class | SagaDefinition, second: unknown, options?: StartOptions & WaitOptions): Promise<unknown> {
    return this.driven(async () => this.app.run(...captured(this.app, target, second), options));
  }

  /** Starts a saga, and answers when the run is durable. */
  start<T extends object, R>(type: Class<T>, call: (saga: T) => Promise<R>, options?: StartOptions): Promise<RunHandle<R>>;
  start<A extends readonly unknown[], R>(saga: SagaDefinition<A, R>, args: A, options?: StartOptions): Promise<RunHandle<R>>;
  async start(target: Class | SagaDefinition, second: unknown, options?: StartOptions): Promise<RunHandle> {
    const handle = await this.driven(async () => this.app.start(...captured(this.app, target, second), options));
    return { saga: handle.saga, id: handle.id, outcome: (wait) => this.driven(() => handle.outcome(wait)) };
  }

  /** As `kill -9`: nothing that it asks is answered any more, and nothing that it asks has an effect. */
  kill(point = ''): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.clock.die();
    this.gate?.open();
    this.die(new ProcessCrashedError(point));
    // Its objects must find the next runtime. The rest of the stop waits for a store that does not answer.
    this.app.stop().catch(() => {});
  }

  /** As SIGSTOP: what it asks for is held up, and its timers too. */
  pause(): void {
    if (this.gate) return;
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.gate = { opened, open };
    this.clock.pause();
  }

  /** As SIGCONT. */
  resume(): void {
    this.gate?.open();
    this.gate = undefined;
    this.clock.resume();
  }

  /** Waits while it is paused, for ever when it is dead. */
  private async pass(): Promise<void> {
    while (this.gate && this.isAlive) await this.gate.opened;
    if (!this.isAlive) await never();
  }

  private driven<T>(call: () => Promise<T>): Promise<T> {
    const promise = this.shared.drive(Promise.race([this.death, call()]));
    // Whoever does not wait for it does not want to hear of the crash either.
    promise.catch(() => {});
    return promise;
  }

  private async reach(place: Place): Promise<void> {
    await this.pass();
    const label = this.trail.add(place);
    if (!this.shared.dies(place, label)) return;
    this.kill(label);
    await never();
  }

  private readonly intercept: Interceptor = async (call, next) => {
    const saga = currentScope()?.step?.saga;
    const place = { what: placeOf(call.operation, call.direction), ...(saga === undefined ? {} : { saga }) };
    await this.reach({ when: 'before', ...place });
    try {
      return await this.shared.around(call, next);
    } finally {
      await this.reach({ when: 'after', ...place });
    }
  };

  /** The store as this process sees it. */
  private watched(): Store {
    const { store } = this;
    const { mirror } = this.shared;
    const ask = async <T>(verb: () => Promise<T>): Promise<T> => {
      await this.pass();
      try {
        return await verb();
      } finally {
        await this.pass();
      }
    };
    const written = async <T>(verb: () => Promise<T>, ids: (answer: T) => readonly string[]): Promise<T> => {
      const answer = await verb();
      for (const id of ids(answer)) await mirror.read(store, id);
      return answer;
    };
    return {
      durability: store.durability,
      load: (id, page) => ask(() => store.load(id, page)),
      scan: (query) => ask(() => store.scan(query)),
      now: () => ask(() => store.now()),
      commit: (change) =>
        ask(() =>
          this.atWrite(change, () =>
            written(
              () => store.commit(change),
              () => [change.id],
            ),
          ),
        ),
      claim: (claim) =>
        ask(() =>
          written(
            () => store.claim(claim),
            (heads) => heads.map(({ id }) => id),
          ),
        ),
      renew: (owner, ids, leaseMs) =>
        ask(() =>
          written(
            () => store.renew(owner, ids, leaseMs),
            () => ids,
          ),
        ),
      drop: (id, expect) =>
        ask(() =>
          written(
            () => store.drop(id, expect),
            () => [id],
          ),
        ),
      ...this.told(),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /** News reach it as answers do: late while it is paused, never when it is dead. */
  private told(): Pick<Store, 'watch' | 'dueIn'> {
    const { store } = this;
    const watch: Store['watch'] = (topic, heard) =>
      (store as Required<Store>).watch(topic, (news) => void this.pass().then(() => heard(news)));
    const dueIn: Store['dueIn'] = async (wanted) => {
      await this.pass();
      const inMs = await (store as Required<Store>).dueIn(wanted);
      await this.pass();
      return inMs;
    };
    return { ...(store.watch && { watch }), ...(store.dueIn && { dueIn }) };
  }

  private async atWrite<T>({ entries }: Change, write: () => Promise<T>): Promise<T> {
    const keys = entries.map(({ key }) => key).join(', ') || 'head';
    const place = { what: `write ${keys}`, write: this.trail.nextWrite() };
    await this.reach({ when: 'before', ...place });
    const answer = await write();
    await this.reach({ when: 'after', ...place });
    return answer;
  }
}
