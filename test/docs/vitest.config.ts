import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import shared from '../../vitest.config.js';

/** Runs the blocks of documents that are tests; the documents' own test starts it. */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: { ...shared.test, include: ['test/docs/.tmp/**/*.doc.ts'], exclude: ['**/node_modules/**'] },
});
