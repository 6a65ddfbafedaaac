// Everything between a fresh clone and the last test. What is given after `--` goes to the runner: npm test -- packages/core
import { run } from './tools.mjs';

const given = process.argv.slice(2);
// The examples are tested twice: here with memory dropped after each outcome, so that every step is begun by a replay.
const replayed = ['orders/src/recovery', 'banking/src/every-crash', 'banking/src/services'].map((name) => `examples/${name}.test.ts`);
const steps = [
  ['pnpm', ['run', 'build:run']],
  ['node', ['scripts/typecheck.mjs']],
  ['node', ['scripts/type-fixtures.mjs']],
  // Fetched once, before the tests that would each look for it.
  ['node', ['scripts/redis-server.mjs']],
  ...(given.length === 0 ? [['vitest', ['run', ...replayed], { REDRESS_ALWAYS_REPLAY: '1' }]] : []),
  // Two reporters: one tells of the tests that were skipped and why, then the runner's own ends with its summary.
  ['vitest', ['run', '--reporter=./test/reporter/skips.ts', '--reporter=default', ...given]],
];
for (const [command, args, env] of steps) {
  const status = run(command, args, env);
  if (status !== 0) process.exit(status);
}
