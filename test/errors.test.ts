import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) => {
    if (one.isDirectory()) return ['node_modules', 'dist'].includes(one.name) ? [] : sources(join(folder, one.name));
    return one.name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(one.name) ? [join(folder, one.name)] : [];
  });
}

const CODE =
  /'((?:CHECKPOINT|CONFIG|SAGA|STORE|CODEC|STEP|UNDO|RUNTIME|INPUT|PIVOT|REPLICA|CHILD|RESTART|CHANNEL|LINE|PROCESS|GROUP|SNAPSHOT|LOG|ROUND)_[A-Z_]+|NO_CONSENSUS|INVARIANT|REFUSED|TERMINAL|RETRYABLE|TIMEOUT|CIRCUIT_OPEN|BULKHEAD_REJECTED|RATE_LIMITED|BAD_RESULT|REPAIR_FAILED)'/g;

it('every error code has a heading in docs/errors.md, and every heading is of a code', () => {
  const text = sources(join(root, 'packages'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const codes = [...text.matchAll(CODE)].map(([, code]) => code as string);
  const headings = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^### (\w+)$/gm)].map(([, code]) => code as string);
  expect(codes.length).toBeGreaterThan(20);
  expect([...new Set(codes)].sort()).toEqual([...headings].sort());
});
