// Everything between a fresh clone and the last test. What is given after `--` goes to the runner: npm test -- packages/core
import { run } from './tools.mjs';

const steps = [
  ['pnpm', ['run', 'build:run']],
  ['node', ['scripts/typecheck.mjs']],
  ['node', ['scripts/type-fixtures.mjs']],
  // Two reporters: one tells of the tests that were skipped and why, then the runner's own ends with its summary.
  ['vitest', ['run', '--reporter=./test/reporter/skips.ts', '--reporter=default', ...process.argv.slice(2)]],
];
for (const [command, args] of steps) {
  const status = run(command, args);
  if (status !== 0) process.exit(status);
}
