import { existsSync } from 'node:fs';

/** Each part is a file of its own, and prints its own table. */
const PARTS = ['checkpoints', 'line', 'log'];

export async function run(print, options) {
  const wanted = options.only?.split(',');
  for (const part of PARTS) {
    const file = new URL(`rollback-${part}.mjs`, import.meta.url);
    if (!existsSync(file) || (wanted && !wanted.includes(part))) continue;
    const { run: runPart } = await import(file.href);
    await runPart(print, options);
    print();
  }
}
