import type { ChannelItem, Message } from '../channel/entry.js';
import { readChannel } from '../channel/read.js';
import type { ProcessId } from '../words.js';
import { isGhost } from './group.js';
import type { GroupRecord } from './group.js';
import type { Member } from './member.js';
import { nameOf } from './postman.js';

/** As many as are read at a time: other work waits for no more than these. */
const PAGE = 32;

export interface Mail {
  /** Before the delivery: a forced checkpoint, perhaps. */
  readonly before: (message: Message) => Promise<void>;
  readonly receive: (message: Message) => Promise<void>;
  readonly marker: (from: ProcessId, item: ChannelItem & { kind: 'marker' }) => Promise<void>;
  readonly ghost: (message: Message) => void;
}

/** Delivers what lies in the channel from one sender. Answers whether there was anything. */
export async function deliverFrom(member: Member, group: GroupRecord, from: ProcessId, mail: Mail): Promise<boolean> {
  const address = { group: member.group, from, to: member.id };
  const page = await readChannel(member.store, address, member.present.positions[from] ?? 0, PAGE);
  for (const item of page.items) {
    if (item.kind === 'marker') await mail.marker(from, item);
    else await deliver(member, group, item.message, mail);
    member.present.positions[from] = item.position + 1;
  }
  member.present.positions[from] = page.next;
  return page.items.length > 0;
}

async function deliver(member: Member, group: GroupRecord, message: Message, mail: Mail): Promise<void> {
  const { id, notes } = message;
  const interval = notes['interval'] ?? 0;
  if (isGhost(group, id, interval)) {
    mail.ghost(message);
    return;
  }
  await mail.before(message);
  // Noted before the handler starts: what it does depends on the message from then on.
  member.hasReceived(id.sender, interval, nameOf(id));
  await mail.receive(message);
}
