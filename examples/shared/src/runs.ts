import type { Head, Store } from '@redress/core';

/** The runs of a saga that the journal holds, by id; with `status`, only those. */
export async function* runsOf(store: Store, saga: string, status?: readonly string[]): AsyncGenerator<readonly [id: string, head: Head]> {
  for (let after: string | undefined; ;) {
    const page = await store.scan({
      kind: 'saga',
      name: saga,
      limit: 1000,
      ...(status === undefined ? {} : { status }),
      ...(after === undefined ? {} : { after }),
    });
    for (const head of page.heads) yield [head.id.slice(`${saga}/`.length), head];
    after = page.next;
    if (after === undefined) return;
  }
}
