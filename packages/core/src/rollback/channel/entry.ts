import { InvariantError } from '../../base/errors.js';
import type { Data, Entry, NewEntry } from '../../base/store.js';
import type { MessageId, ProcessId } from '../words.js';

/** The way from one process of a group to another one. The other direction is another channel. */
export interface ChannelAddress {
  readonly group: string;
  readonly from: ProcessId;
  readonly to: ProcessId;
}

export interface Message {
  readonly id: MessageId;
  readonly data: Data;
  /** Numbers that travel along, such as the interval that the sender was in. */
  readonly notes: Readonly<Record<string, number>>;
}

export type ChannelItem =
  | { readonly kind: 'message'; readonly position: number; readonly message: Message }
  /** A sign between two messages, such as where a snapshot begins. */
  | { readonly kind: 'marker'; readonly position: number; readonly name: string; readonly data: Data };

export const CHANNEL = 'channel';
export const CREATED = 'channel.created';
const MESSAGE = 'channel.message';
const MARKER = 'channel.marker';

/** The stream of a channel. */
export function channelStream({ group, from, to }: ChannelAddress): string {
  return [CHANNEL, group, from, to].map(encodeURIComponent).join('/');
}

export function messageKey({ incarnation, sequence }: Omit<MessageId, 'sender'>): string {
  return `${incarnation}:${sequence}`;
}

export function messageEntry({ id, data, notes }: Message): NewEntry {
  const head = JSON.stringify([id.incarnation, id.sequence, notes]);
  return { key: messageKey(id), type: MESSAGE, data: typeof data === 'string' ? `${head}\n${data}` : bytes(head, data) };
}

export function markerEntry(name: string, data: Data): NewEntry {
  return { key: `marker:${name}`, type: MARKER, data };
}

function bytes(head: string, data: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`${head}\n`), data]);
}

/** What an entry of the channel from `sender` is; undefined: nothing for the receiver. */
export function itemOf(sender: ProcessId, { index, key, type, data }: Entry): ChannelItem | undefined {
  if (type === MESSAGE) return { kind: 'message', position: index, message: messageOf(sender, data) };
  if (type === MARKER) return { kind: 'marker', position: index, name: key.slice('marker:'.length), data };
  return undefined;
}

function messageOf(sender: ProcessId, data: Data): Message {
  const end = typeof data === 'string' ? data.indexOf('\n') : data.indexOf(10);
  if (end < 0) throw new InvariantError(`A message of "${sender}" has no head.`);
  const head = typeof data === 'string' ? data.slice(0, end) : new TextDecoder().decode(data.subarray(0, end));
  const [incarnation, sequence, notes] = JSON.parse(head) as [number, number, Record<string, number>];
  return { id: { sender, incarnation, sequence }, notes, data: typeof data === 'string' ? data.slice(end + 1) : data.slice(end + 1) };
}
