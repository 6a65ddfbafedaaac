import { sleep } from '../../base/clock.js';
import { createEnvironment } from '../../base/environment.js';
import type { Environment } from '../../base/environment.js';
import { ConfigurationError, messageOf, RedressError } from '../../base/errors.js';
import { currentScope, runInScope } from '../../base/scope.js';
import type { Data } from '../../base/store.js';
import type { ChannelItem } from '../channel/entry.js';
import { readChannel } from '../channel/read.js';
import { trimChannel } from '../channel/upkeep.js';
import { openChannel } from '../channel/writer.js';
import type { ChannelWriter } from '../channel/writer.js';
import type { ProcessId } from '../words.js';
import { valid } from './in-transit.js';
import { joinGroup } from './join.js';
import type { Companion, GroupMember, GroupOptions } from './types.js';

const RETRY_MS = 100;

export interface ExchangeOptions extends Omit<GroupOptions, 'companion'> {
  /**
   * Handles a message of another member: in the order of sending, each once in the state that is kept. It changes the state and sends
   * in its turn: that leaves when it has ended well. When it throws it is called again, so it must leave the state as it was then.
   */
  readonly receive: (from: ProcessId, body: unknown) => void | Promise<void>;
}

/** A member of a group that speaks with the others. */
export interface ExchangeMember extends GroupMember {
  /**
   * Sends a message to another member, from within `call` or `receive`. It is a part of the state: a recovery takes it back with what has
   * sent it, and redelivers it where only its delivery was taken back.
   */
  send(to: ProcessId, body: unknown): void;
}

/** What a handler has sent, until it has ended. */
interface Outgoing {
  readonly by: object;
  readonly messages: (readonly [ProcessId, Data])[];
  isOver: boolean;
}

/** What a checkpoint says of the channels of a member: how many it sent to each other, and up to where it has read of each. */
interface Ends {
  readonly sent: Readonly<Record<ProcessId, number>>;
  readonly read: Readonly<Record<ProcessId, number>>;
}

/**
 * Joins a group whose members send each other messages over logged channels of the same store. A line holds what was sent
 * and what was delivered, so that what is in transit is redelivered once, and what was undone is dropped.
 * @throws what `joinGroup` throws.
 */
export async function joinExchange(options: ExchangeOptions): Promise<ExchangeMember> {
  const { receive, ...group } = options;
  const environment = options.environment ?? createEnvironment();
  const exchange = new Exchange({ ...group, environment }, receive);
  const member = await joinGroup({ ...group, environment, companion: exchange });
  return exchange.serve(member);
}

class Exchange implements Companion {
  private sent: Record<ProcessId, number> = {};
  private read: Record<ProcessId, number> = {};
  private writers = new Map<ProcessId, ChannelWriter>();
  private epoch = 0;
  private calls = 0;
  private member: GroupMember | undefined;
  private stopped = false;
  private broken: { readonly error: unknown } | undefined;
  private readonly others: readonly ProcessId[];
  private readonly me: ProcessId;

  constructor(
    private readonly options: GroupOptions & { readonly environment: Environment },
    private readonly receive: ExchangeOptions['receive'],
  ) {
    this.me = options.state.id;
    this.others = options.members.filter((one) => one !== this.me);
  }

  serve(member: GroupMember): ExchangeMember {
    this.member = member;
    void member.ended.then(() => (this.stopped = true));
    if (this.epoch > 0) this.listen();
    const call = async <T>(fn: () => T | Promise<T>): Promise<T> => {
      return member.call(async () => {
        this.calls += 1;
        try {
          return await fn();
        } finally {
          this.calls -= 1;
        }
      });
    };
    return {
      process: member.process,
      get epoch() {
        return member.epoch;
      },
      ready: member.ready,
      ended: member.ended,
      call,
      checkpoint: (options) => member.checkpoint(options),
      recover: (why) => member.recover(why),
      release: (round) => member.release(round),
      send: (to, body) => this.send(to, body),
      leave: () => member.leave(),
      [Symbol.asyncDispose]: () => member.leave(),
    };
  }

  async flush(): Promise<void> {
    await Promise.all([...this.writers.values()].map((writer) => writer.flush()));
    if (this.broken) throw this.broken.error;
  }

  capture(): Data {
    const ends: Ends = { sent: this.sent, read: this.read };
    return JSON.stringify(ends);
  }

  /** Opens its ends anew, so that nobody else can send for it, and says in each channel where the new epoch begins. */
  async restore(own: Data | undefined, epoch: number): Promise<void> {
    const { sent, read } = own === undefined ? { sent: {}, read: {} } : (JSON.parse(String(own)) as Ends);
    const writers = new Map<ProcessId, ChannelWriter>();
    for (const to of this.others) {
      const writer = await openChannel(this.options.environment, this.options.store, this.address(this.me, to));
      await writer.mark(`epoch:${epoch}`, String(sent[to] ?? 0));
      writers.set(to, writer);
    }
    this.sent = { ...sent };
    this.read = { ...read };
    this.writers = writers;
    this.broken = undefined;
    this.epoch = epoch;
    this.listen();
  }

  /** Nobody goes back behind a committed round: what was delivered by then is forgotten. */
  async committed(own: Data): Promise<void> {
    const { read } = JSON.parse(String(own)) as Ends;
    for (const from of this.others) await trimChannel(this.options.store, this.address(from, this.me), read[from] ?? 0);
  }

  private send(to: ProcessId, body: unknown): void {
    if (!this.writers.has(to)) {
      const subject = `"${this.me}" of "${this.options.group}"`;
      throw new ConfigurationError([
        { subject, cause: `"${to}" is no other member.`, remedy: `Send to one of ${this.others.join(', ')}.` },
      ]);
    }
    const outgoing = currentScope()?.outgoing as Outgoing | undefined;
    const own = outgoing?.by === this ? outgoing : undefined;
    if (this.calls === 0 || own?.isOver) {
      throw new ConfigurationError([
        {
          subject: `"${this.me}" of "${this.options.group}"`,
          cause: 'it sends outside of a call.',
          remedy: 'Send within `call` or `receive`.',
        },
      ]);
    }
    const data = this.options.environment.codec.encode(body);
    if (own) own.messages.push([to, data]);
    else this.post(to, data);
  }

  private post(to: ProcessId, data: Data): void {
    const sequence = (this.sent[to] ?? 0) + 1;
    this.sent[to] = sequence;
    const { epoch } = this;
    this.writers
      .get(to)
      ?.send({ id: { sender: this.me, incarnation: epoch, sequence }, data, notes: {} })
      .catch((error: unknown) => this.lost(error, epoch));
  }

  /** What the state has sent did not become durable: the state must not stand either. */
  private lost(error: unknown, epoch: number): void {
    if (epoch !== this.epoch || this.broken) return;
    this.broken = { error };
    // A round that cannot be flushed is declined; a group that does not answer now is asked by the next member that looks.
    this.member?.recover(`a message of ${this.me} was lost: ${messageOf(error)}`).catch(() => {});
  }

  private listen(): void {
    if (!this.member) return;
    const { epoch } = this;
    for (const from of this.others) void this.hear(from, epoch);
  }

  private isOver(epoch: number): boolean {
    return this.stopped || epoch !== this.epoch;
  }

  private async hear(from: ProcessId, epoch: number): Promise<void> {
    const { clock, events } = this.options.environment;
    const pollMs = this.options.pollMs ?? 20;
    while (!this.isOver(epoch)) {
      try {
        const heard = await this.next(from, epoch);
        if (heard) continue;
        await sleep(clock, pollMs, undefined, true);
      } catch (error) {
        if (this.isOver(epoch)) return;
        if (!RedressError.is(error) || error.code !== 'ROUND_EPOCH_OVER')
          events.publish({ name: 'exchange.failed', at: clock.now(), id: this.me, error, details: { from } });
        await sleep(clock, RETRY_MS, undefined, true);
      }
    }
  }

  /** One page of a channel. False: there was nothing. */
  private async next(from: ProcessId, epoch: number): Promise<boolean> {
    const at = this.read[from] ?? 0;
    const items = await this.page(from, epoch, at);
    for (const [item, isValid] of items) {
      // The page is as long as what comes before the epoch: the end of it is looked for once.
      if (this.isOver(epoch)) return true;
      if (isValid && item.kind === 'message') await this.deliver(from, epoch, item);
      else await this.member?.call(() => void (this.isOver(epoch) || (this.read[from] = item.position + 1)));
    }
    return items.length > 0;
  }

  private async page(from: ProcessId, epoch: number, at: number): Promise<readonly (readonly [ChannelItem, boolean])[]> {
    const address = this.address(from, this.me);
    const items: ChannelItem[] = [];
    for (let position = at; ;) {
      const page = await readChannel(this.options.store, address, position);
      items.push(...page.items);
      if (page.next === position) break;
      position = page.next;
      // Behind the beginning of this epoch all is valid, and one page is enough.
      if (
        this.heard.get(from) === epoch ||
        items.some(({ kind, ...item }) => kind === 'marker' && 'name' in item && item.name === `epoch:${epoch}`)
      )
        break;
    }
    if (items.some((item) => item.kind === 'marker' && item.name === `epoch:${epoch}`)) this.heard.set(from, epoch);
    return this.heard.get(from) === epoch ? valid(items, epoch) : [];
  }

  /** For each sender the epoch of which the beginning was read. */
  private readonly heard = new Map<ProcessId, number>();

  private async deliver(from: ProcessId, epoch: number, { position, message }: Extract<ChannelItem, { kind: 'message' }>): Promise<void> {
    const body = this.options.environment.codec.decode(message.data);
    await this.member?.call(async () => {
      if (this.isOver(epoch)) return;
      this.calls += 1;
      const outgoing: Outgoing = { by: this, messages: [], isOver: false };
      try {
        await runInScope({ ...currentScope(), outgoing }, () => this.receive(from, body));
        for (const [to, data] of outgoing.messages) this.post(to, data);
        this.read[from] = position + 1;
      } finally {
        outgoing.isOver = true;
        this.calls -= 1;
      }
    });
  }

  private address(from: ProcessId, to: ProcessId): { readonly group: string; readonly from: ProcessId; readonly to: ProcessId } {
    return { group: this.options.group, from, to };
  }
}
