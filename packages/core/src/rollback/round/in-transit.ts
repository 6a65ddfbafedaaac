import type { ChannelItem } from '../channel/entry.js';

/**
 * Which messages of a stretch of a channel are to be delivered in an epoch. Each epoch begins with a marker that says how many messages its
 * sender had sent at the line: what lies before a marker and was sent later than that was undone, whatever came after it.
 */
export function valid(items: readonly ChannelItem[], epoch: number): readonly (readonly [ChannelItem, boolean])[] {
  let most = Infinity;
  const judged: (readonly [ChannelItem, boolean])[] = [];
  for (const item of items.toReversed()) {
    if (item.kind === 'message') judged.push([item, item.message.id.sequence <= most]);
    else {
      const of = /^epoch:(\d+)$/.exec(item.name)?.[1];
      if (of !== undefined && Number(of) <= epoch) most = Math.min(most, Number(item.data));
      judged.push([item, false]);
    }
  }
  return judged.reverse();
}
