import { RedressError } from '../../base/errors.js';
import type { MessageId } from '../words.js';

/** Another life of the sender has opened the channel since: what this one sends is refused. Code `CHANNEL_FENCED`. */
export class ChannelFencedError extends RedressError {
  constructor(channel: string) {
    super('CHANNEL_FENCED', `"${channel}" was opened by another life of its sender: what this life sends into it is refused.`, {
      details: { channel },
    });
  }
}

/** Entries were asked for that the channel has forgotten. Code `CHANNEL_TRIMMED`. */
export class ChannelTrimmedError extends RedressError {
  constructor(channel: string, from: number, first: number) {
    super('CHANNEL_TRIMMED', `"${channel}" was asked for what lies at position ${from}; it has forgotten everything before ${first}.`, {
      details: { channel, from, first },
    });
  }
}

/** A message id was used for two different messages; the first one stays. Code `CHANNEL_DIVERGED`. */
export class ChannelDivergedError extends RedressError {
  constructor(channel: string, id: MessageId | string) {
    const name = typeof id === 'string' ? id : `${id.incarnation}:${id.sequence}`;
    super('CHANNEL_DIVERGED', `"${channel}" holds another message under the id ${name}: a message id is used once.`, {
      details: { channel, id: name },
    });
  }
}
