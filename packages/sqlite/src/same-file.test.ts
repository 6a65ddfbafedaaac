import { copyFileSync, renameSync, rmSync } from 'node:fs';
import type { Change } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteStore } from './sqlite-store.js';
import { temporary } from './temporary.fixture.js';
import type { Temporary } from './temporary.fixture.js';

let place: Temporary;
beforeEach(async () => {
  place = await temporary();
});
afterEach(() => place.remove());

function creation(id: string): Change {
  return { id, expect: 'absent', create: { kind: 'k', name: 'n' }, entries: [{ key: 'k', type: 't', data: 'x' }] };
}

const gone = { code: 'STORE_FILE_GONE', retryable: false };

describe('a file that is taken away while it is open', () => {
  it('by deleting it: no commit is answered as written, and a worker hears of it', async () => {
    await using store = sqliteStore(place.file);
    await store.commit(creation('a'));
    rmSync(place.file);
    await expect(store.commit(creation('b'))).rejects.toMatchObject(gone);
    await expect(store.claim({ owner: 'w', kinds: ['k'], leaseMs: 5, limit: 1 })).rejects.toMatchObject(gone);
  });

  it('by putting another one in its place', async () => {
    await using store = sqliteStore(place.file);
    await store.commit(creation('a'));
    copyFileSync(place.file, `${place.file}.copy`);
    renameSync(`${place.file}.copy`, place.file);
    await expect(store.commit(creation('b'))).rejects.toMatchObject(gone);
  });

  it('and put back: it goes on', async () => {
    await using store = sqliteStore(place.file);
    await store.commit(creation('a'));
    renameSync(place.file, `${place.file}.away`);
    await expect(store.commit(creation('b'))).rejects.toMatchObject(gone);
    renameSync(`${place.file}.away`, place.file);
    expect((await store.commit(creation('b'))).applied).toBe(true);
  });
});
