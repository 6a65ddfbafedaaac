import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
beforeEach(async () => {
  place = await temporary();
});
afterEach(() => place.remove());

function change(id: string): Parameters<ReturnType<typeof sqliteStore>['commit']>[0] {
  return {
    id,
    expect: 'absent',
    create: { kind: 'k', name: 'n' },
    entries: [{ key: 'k', type: 't', data: 'x' }],
    head: { wake: { inMs: 10 } },
  };
}

describe('the time of a file', () => {
  it('never goes back below what another connection wrote by a clock that is ahead', async () => {
    const ahead = sqliteStore(place.file, { clock: { now: () => 5_000 } });
    const behind = sqliteStore(place.file, { clock: { now: () => 1_000 } });
    expect(await behind.now()).toBe(1_000);
    await ahead.commit(change('a'));
    expect(await behind.now()).toBe(5_000);
    expect((await behind.commit(change('b'))).head.wakeAt).toBe(5_010);
    expect((await behind.load('b'))?.entries[0]?.at).toBe(5_000);
    await ahead.close();
    await behind.close();
  });

  it('outlives the process that wrote it, and a clock that is set back', async () => {
    let now = 9_000;
    const store = sqliteStore(place.file, { clock: { now: () => now } });
    await store.commit(change('a'));
    now = 2_000;
    expect(await store.now()).toBe(9_000);
    await store.close();
    const again = sqliteStore(place.file, { clock: { now: () => now } });
    expect(await again.now()).toBe(9_000);
    now = 9_100;
    expect(await again.now()).toBe(9_100);
    await again.close();
  });

  it('does not go back when the stream that was written last is dropped', async () => {
    const ahead = sqliteStore(place.file, { clock: { now: () => 5_000 } });
    const { head } = await ahead.commit(change('a'));
    await ahead.drop('a', head);
    await ahead.close();
    const again = sqliteStore(place.file, { clock: { now: () => 1_000 } });
    expect(await again.now()).toBe(5_000);
    await again.close();
  });
});
