import { expect } from 'vitest';
import { append, create, creation, entriesOf, headOf, next, entry, range } from './lab.js';
import type { Law } from './lab.js';

export function timeLaws(law: Law): void {
  law('the clock never goes back, over all connections, and never below a moment that an entry has', async ({ store, other }) => {
    let last = 0;
    for (const i of range(20)) {
      const [writer, reader] = i % 2 === 0 ? [store, other] : [other, store];
      await create(writer, `s${i}`);
      const at = (await entriesOf(reader, `s${i}`))[0]?.at ?? -1;
      expect(at).toBeGreaterThanOrEqual(last);
      for (const connection of [reader, writer]) {
        const now = await connection.now();
        expect(now).toBeGreaterThanOrEqual(at);
        last = Math.max(last, now);
      }
    }
  });

  law('the clock runs', async ({ store }) => {
    const before = await store.now();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const passed = (await store.now()) - before;
    expect(passed).toBeGreaterThanOrEqual(40);
    expect(passed).toBeLessThan(20_000);
  });

  law('entries of one commit have one moment, between the clock before and after', async ({ store, other }) => {
    const before = await other.now();
    await store.commit(creation('a', {}, [entry('k0'), entry('k1'), entry('k2')]));
    const after = await other.now();
    const moments = new Set((await entriesOf(other, 'a')).map(({ at }) => at));
    expect(moments.size).toBe(1);
    for (const at of moments) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(after);
    }
  });

  law('a wake in so many milliseconds counts from the store’s clock at the commit', async ({ store, other }) => {
    const before = await other.now();
    const { wakeAt } = await create(store, 'a', { wake: { inMs: 5_000 } });
    const after = await other.now();
    expect(wakeAt).toBeGreaterThanOrEqual(before + 5_000);
    expect(wakeAt).toBeLessThanOrEqual(after + 5_000);
    expect(wakeAt).toBe(((await entriesOf(other, 'a'))[0]?.at ?? 0) + 5_000);
  });

  law('a wake at a moment is kept to the number, and null takes it away', async ({ store, other }) => {
    let head = await create(store, 'a');
    for (const at of [0, 1, 1_700_000_000_123, 1_700_000_000_123.5, 8_640_000_000_000_000, -5]) {
      head = await append(store, head, `k${at}`, { wake: { at } });
      expect(head.wakeAt).toBe(at);
      expect((await headOf(other, 'a')).wakeAt).toBe(at);
    }
    head = await append(store, head, 'never', { wake: null });
    expect([head.wakeAt, (await headOf(other, 'a')).wakeAt]).toEqual([null, null]);
  });

  law('owner and wake are set and taken away apart', async ({ store, other }) => {
    const held = await create(store, 'a', { owner: 'w', wake: { at: 9 } });
    const freed = (await store.commit(next(held, [entry('k1')], { head: { owner: null } }))).head;
    expect(freed).toMatchObject({ owner: null, wakeAt: 9 });
    const parked = await append(other, freed, 'k2', { owner: 'x', wake: null });
    expect(await headOf(store, 'a')).toMatchObject({ owner: 'x', wakeAt: null, version: parked.version });
  });
}
