import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChannelItem } from '../channel/entry.js';
import { valid } from './in-transit.js';

const message = (position: number, incarnation: number, sequence: number): ChannelItem => ({
  kind: 'message',
  position,
  message: { id: { sender: 'a', incarnation, sequence }, data: '', notes: {} },
});
const marker = (position: number, epoch: number, sent: number): ChannelItem => ({
  kind: 'marker',
  position,
  name: `epoch:${epoch}`,
  data: String(sent),
});

const delivered = (items: readonly ChannelItem[], epoch: number): readonly string[] =>
  valid(items, epoch).flatMap(([item, isValid]) =>
    isValid && item.kind === 'message' ? [`${item.message.id.incarnation}:${item.message.id.sequence}`] : [],
  );

describe('what is delivered of a channel after a recovery', () => {
  it('is what was sent by the line, and what is sent after it; not what was undone', () => {
    const items = [message(0, 1, 1), message(1, 1, 2), message(2, 1, 3), marker(3, 2, 2), message(4, 2, 3)];
    expect(delivered(items, 2)).toEqual(['1:1', '1:2', '2:3']);
  });

  it('nor what an earlier recovery had undone, though its number was used again since', () => {
    const items = [message(0, 1, 6), message(1, 1, 7), marker(2, 2, 5), message(3, 2, 6), message(4, 2, 7), marker(5, 3, 6)];
    expect(delivered(items, 3)).toEqual(['2:6']);
  });

  it('is for all histories what a sender has sent that remembers what it undid', () => {
    const step = fc.oneof(fc.constant('send' as const), fc.constant('line' as const), fc.constant('recover' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (history) => {
        const items: ChannelItem[] = [];
        let [epoch, kept, line] = [1, [] as string[], [] as string[]];
        for (const what of history) {
          if (what === 'line') line = [...kept];
          else if (what === 'send') {
            const sequence = kept.length + 1;
            items.push(message(items.length, epoch, sequence));
            kept = [...kept, `${epoch}:${sequence}`];
          } else {
            epoch += 1;
            kept = [...line];
            items.push(marker(items.length, epoch, line.length));
          }
        }
        expect(delivered(items, epoch)).toEqual(kept);
      }),
    );
  });
});
