import { createRuntime, SagaCompensatedError } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { transferOver } from './transfer.js';

const folder = mkdtempSync(join(tmpdir(), 'redress-transfer-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('moves money once, or not at all', async () => {
  const books = new Map([
    ['ann', 1_000],
    ['bob', 0],
  ]);
  const transfer = transferOver(books);
  await using store = sqliteStore(join(folder, 'runs.db'));
  await using runtime = createRuntime({ store, sagas: [transfer] });
  const order = { id: 't-1', from: 'ann', to: 'bob', cents: 300 };
  expect(await runtime.run(transfer, [order])).toBe('300 cents to bob');
  expect(await runtime.run(transfer, [order])).toBe('300 cents to bob');
  expect(Object.fromEntries(books)).toEqual({ ann: 700, bob: 300 });

  const lost = { id: 't-2', from: 'ann', to: 'nobody', cents: 300 };
  await expect(runtime.run(transfer, [lost])).rejects.toBeInstanceOf(SagaCompensatedError);
  const poor = { id: 't-3', from: 'bob', to: 'ann', cents: 9_000 };
  await expect(runtime.run(transfer, [poor])).rejects.toMatchObject({ cause: { code: 'INSUFFICIENT_FUNDS' } });
  expect(Object.fromEntries(books)).toEqual({ ann: 700, bob: 300 });
});
