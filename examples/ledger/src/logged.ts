import { openMessageLog, outputOf, streamSink } from '@redress/core';
import type { LogContext, LoggedMessage, MessageLog, Store } from '@redress/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { told } from './scheme.js';
import type { Member, Scheme } from './scheme.js';

const POLL_MS = 5;
const PAGE = 100;

/** Each message is written down before it counts; after a kill the killed one handles again what came after its checkpoint. */
export const logged: Scheme = {
  title: 'each writes its messages down, and handles them again',
  async open({ store, group, members }, account) {
    const inbox = (id: string): string => `${group}/inbox/${id}`;
    let again = 0;
    const handle = ({ type, body }: LoggedMessage, context: LogContext): void => {
      if (context.replaying) again += 1;
      const { to, cents } = body as { readonly to: string; readonly cents: number };
      if (type === 'pay') context.send(to, { to, cents });
      account.cents += type === 'pay' ? -cents : cents;
    };
    const sinks = Object.fromEntries(members.filter((id) => id !== account.id).map((id) => [id, streamSink(store, inbox(id))]));
    const log = await openMessageLog({ store, state: account, handle, sinks });
    await log.drained();
    // What it fails of ends the process.
    void hear(store, inbox(account.id), log);
    return memberOf(log, () => again);
  },
  outcome: told,
};

function memberOf(log: MessageLog, again: () => number): Member {
  // It was written down: nobody has to go back behind it.
  const stoodAt = log.position;
  return {
    async pay(to, cents) {
      const { done } = await log.accept({ type: 'pay', body: { to, cents } });
      await done;
    },
    async checkpoint() {
      await log.checkpoint();
    },
    get again() {
      return again();
    },
    // Every record is as good as a checkpoint.
    get checkpoints() {
      return Array.from({ length: log.position + 1 }, (_, i) => i);
    },
    get interval() {
      return log.position;
    },
    ...{ forced: 0, wentTo: stoodAt > 0 ? stoodAt + 1 : undefined },
  };
}

/** Takes what others have paid out of a stream: from its beginning in each life, for the log knows what came before. */
async function hear(store: Store, stream: string, log: MessageLog): Promise<void> {
  for (let from = 0; ;) {
    const entries = (await store.load(stream, { from, limit: PAGE }))?.entries ?? [];
    for (const entry of entries) {
      const { from: payer, sequence, body } = outputOf(entry);
      await log.accept({ type: 'paid', from: payer, sequence, body });
    }
    from += entries.length;
    if (entries.length === 0) await sleep(POLL_MS);
  }
}
