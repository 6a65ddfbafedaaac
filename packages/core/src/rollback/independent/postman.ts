import { openChannel } from '../channel/writer.js';
import type { ChannelWriter } from '../channel/writer.js';
import { messageKey } from '../channel/entry.js';
import type { MessageId, ProcessId } from '../words.js';
import type { Member } from './member.js';
import type { Outgoing } from './types.js';

/** How reports call a message. */
export function nameOf(id: MessageId): string {
  return `${id.sender}/${messageKey(id)}`;
}

/** What travels with each message. */
interface Notes extends Record<string, number> {
  readonly interval: number;
  readonly index: number;
}

/** The outgoing channels of one process. */
export class Postman {
  private constructor(
    private readonly member: Member,
    private readonly channels: ReadonlyMap<ProcessId, ChannelWriter>,
  ) {}

  /** Takes all of them over: what an earlier life sends is refused from now on. */
  static async open(member: Member, others: readonly ProcessId[]): Promise<Postman> {
    const { environment, store, group, id } = member;
    const open = (to: ProcessId) => openChannel(environment, store, { group, from: id, to });
    const channels = await Promise.all(others.map(async (to) => [to, await open(to)] as const));
    return new Postman(member, new Map(channels));
  }

  get others(): readonly ProcessId[] {
    return [...this.channels.keys()];
  }

  to(process: ProcessId): ChannelWriter | undefined {
    return this.channels.get(process);
  }

  /** Resolves when all are durable. */
  async send(messages: readonly Outgoing[]): Promise<void> {
    const { present, interval, id, stream } = this.member;
    const { incarnation } = stream.record;
    const notes: Notes = { interval, index: present.index };
    const sent = messages.map(async ({ to, data }) => {
      present.sequence += 1;
      await this.to(to)?.send({ id: { sender: id, incarnation, sequence: present.sequence }, data, notes });
    });
    await Promise.all(sent);
  }
}
