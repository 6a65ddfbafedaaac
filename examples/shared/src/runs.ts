import type { Head, Store } from '@redress/core';
import { patiently } from './journal.js';

/** The runs of a saga that the journal holds, by id; with `status`, only those. */
export async function* runsOf(store: Store, saga: string, status?: readonly string[]): AsyncGenerator<readonly [id: string, head: Head]> {
  for (let after: string | undefined; ;) {
    const from = after === undefined ? {} : { after };
    const page = await patiently(() =>
      store.scan({ kind: 'saga', name: saga, limit: 1000, ...(status === undefined ? {} : { status }), ...from }),
    );
    for (const head of page.heads) yield [head.id.slice(`${saga}/`.length), head];
    after = page.next;
    if (after === undefined) return;
  }
}
