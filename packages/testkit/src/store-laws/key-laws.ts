import { expect } from 'vitest';
import { append, create, creation, entriesOf, entry, headOf, keysOf, next, range, refused, settle } from './lab.js';
import type { Law } from './lab.js';

export function keyLaws(law: Law): void {
  law('a repeated commit is answered with success and applies nothing', async ({ store, other }) => {
    const first = await create(store, 'a');
    const change = next(first, [entry('k1'), entry('k2')], { head: { status: 's' } });
    const { head } = await store.commit(change);
    for (const connection of [store, other]) {
      expect(await connection.commit(change)).toEqual({ head, applied: false });
    }
    expect(await keysOf(other, 'a')).toEqual(['created', 'k1', 'k2']);
  });

  law('a repeated creation is answered with success', async ({ store, other }) => {
    const head = await create(store, 'a');
    expect(await other.commit(creation('a'))).toEqual({ head, applied: false });
  });

  law('a repeated commit is answered with the current head when the stream has moved on', async ({ store, other }) => {
    const first = await create(store, 'a');
    const change = next(first, [entry('k1')]);
    const second = (await store.commit(change)).head;
    const third = await append(store, second, 'k2', { status: 'later' });
    expect(await other.commit(change)).toEqual({ head: third, applied: false });
    expect(await store.commit(change)).toEqual({ head: third, applied: false });
    expect(await headOf(store, 'a')).toEqual(third);
  });

  law('keys are judged before the guard, whatever it expects', async ({ store, other }) => {
    const first = await create(store, 'a');
    const head = await append(store, first, 'k1');
    const wrong = { ...head, version: 77, stamp: 'never' };
    expect(await store.commit(next(wrong, [entry('k1')]))).toEqual({ head, applied: false });
    expect(await other.commit(next(head, [entry('k1')]))).toEqual({ head, applied: false });
    expect(await other.commit(creation('a', {}, [entry('k1')]))).toEqual({ head, applied: false });
    await refused(store.commit(next(wrong, [entry('k1', 'other')])), 'key');
    await refused(store.commit(creation('a', {}, [entry('k1', 'other')])), 'key');
  });

  law('entries of several commits, asked for as one, are a repetition', async ({ store, other }) => {
    const head = await append(store, await create(store, 'a'), 'k1');
    expect(await other.commit(next(head, [entry('k1'), entry('created')]))).toEqual({ head, applied: false });
  });

  law('a key that is there with other data or another type is refused: key', async ({ store, other }) => {
    const head = await append(store, await create(store, 'a'), 'k1');
    for (const connection of [store, other]) {
      await refused(connection.commit(next(head, [entry('k1', 'other')])), 'key');
      await refused(connection.commit(next(head, [entry('k1', undefined, 'another type')])), 'key');
      await refused(connection.commit(next(head, [entry('k2'), entry('k1', 'other')])), 'key');
    }
    expect(await headOf(store, 'a')).toEqual(head);
  });

  law('a part of the keys being there is refused: key', async ({ store, other }) => {
    const head = await append(store, await create(store, 'a'), 'k1');
    for (const connection of [store, other]) {
      await refused(connection.commit(next(head, [entry('k1'), entry('k2')])), 'key');
      await refused(connection.commit(next(head, [entry('k2'), entry('k1')])), 'key');
      await refused(connection.commit(next({ ...head, version: 1 }, [entry('k2'), entry('k1')])), 'key');
    }
    expect(await keysOf(store, 'a')).toEqual(['created', 'k1']);
  });

  law('bytes are compared by content, and never equal text', async ({ store, other }) => {
    const head = await create(store, 'a');
    const now = await store.commit(next(head, [entry('bytes', new Uint8Array([97, 0, 255])), entry('text', 'a'), entry('none', '')]));
    const again = (data: string | Uint8Array, key: string): Promise<unknown> => other.commit(next(now.head, [entry(key, data)]));
    expect(await again(Buffer.from([97, 0, 255]), 'bytes')).toMatchObject({ applied: false });
    await refused(again(new Uint8Array([97, 0, 254]), 'bytes'), 'key');
    await refused(again(new Uint8Array([97, 0]), 'bytes'), 'key');
    await refused(again(new Uint8Array([97, 0, 255, 0]), 'bytes'), 'key');
    await refused(again('ab', 'text'), 'key');
    await refused(again(new Uint8Array([97]), 'text'), 'key');
    await refused(again(new Uint8Array(0), 'none'), 'key');
    await refused(again('a\0\u00ff', 'bytes'), 'key');
  });

  law('the same key in another stream is another key', async ({ store }) => {
    await create(store, 'a');
    expect((await store.commit(creation('b'))).applied).toBe(true);
  });

  law('keys that differ in case, blanks or composition are different keys', async ({ store, other }) => {
    const keys = ['k', 'K', 'k ', ' k', '\u00e9', 'e\u0301', 'k\t', '1', '01', '1.0', '__proto__', 'constructor'];
    const { head } = await store.commit(
      creation(
        'a',
        {},
        keys.map((key) => entry(key)),
      ),
    );
    expect(head.length).toBe(keys.length);
    expect(await keysOf(other, 'a')).toEqual(keys);
  });

  law('of the same change sent twice at once over two connections, one is applied and both are answered', async ({ store, other }) => {
    let head = await create(store, 'a');
    for (const i of range(30)) {
      const change = next(head, [entry(`k${i}`), entry(`l${i}`)], { head: { status: `s${i}` } });
      const { applied, repeated, refusals } = await settle([store.commit(change), other.commit(change)]);
      expect(refusals).toEqual([]);
      expect([applied.length, repeated.length]).toEqual([1, 1]);
      expect(repeated[0]?.head).toEqual(applied[0]?.head);
      head = applied[0]?.head ?? head;
    }
    expect((await entriesOf(store, 'a')).map(({ index }) => index)).toEqual(range(61));
  });

  law('of the same creation sent many times at once, one is applied and all are answered', async ({ store, other }) => {
    const commits = range(10).map((i) => (i % 2 === 0 ? store : other).commit(creation('a')));
    const { applied, repeated, refusals } = await settle(commits);
    expect([applied.length, repeated.length, refusals.length]).toEqual([1, 9, 0]);
  });
}
