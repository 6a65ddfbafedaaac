import { createRuntime, SagaCompensatedError } from '@redress/core';
import { sqliteStore } from '@redress/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transferOver } from './transfer.js';
import type { Books } from './transfer.js';

const folder = mkdtempSync(join(tmpdir(), 'redress-transfer-'));
const books: Books = new Map([
  ['ann', 1_000],
  ['bob', 0],
]);
const transfer = transferOver(books);
const store = sqliteStore(join(folder, 'runs.db'));
const runtime = createRuntime({ store, sagas: [transfer] });

console.log(await runtime.run(transfer, [{ id: 't-1', from: 'ann', to: 'bob', cents: 300 }]));
try {
  await runtime.run(transfer, [{ id: 't-2', from: 'ann', to: 'nobody', cents: 300 }]);
} catch (error) {
  if (!(error instanceof SagaCompensatedError)) throw error;
  console.log(error.message);
}
console.log(Object.fromEntries(books));

await runtime.stop();
await store.close();
rmSync(folder, { recursive: true });
