// What a maintainer runs before a release. Every part runs, also after one has failed; the list at the end says which.
import { run } from './tools.mjs';

const FULL = { REDRESS_TESTS: 'full' };
/** @type {readonly (readonly [name: string, command: string, args: string[], env?: Record<string, string>])[]} */
const parts = [
  ['npm test, whole', 'node', ['scripts/test.mjs'], FULL],
  ['type fixtures, three compilers', 'node', ['scripts/type-fixtures.mjs', '--all']],
  ['mutations: each guard taken out', 'node', ['scripts/mutations.mjs']],
  ['lint', 'pnpm', ['run', 'lint:run']],
  ['format', 'pnpm', ['run', 'format:check']],
  ['unused code', 'knip', ['--no-config-hints']],
  ['duplicates', 'jscpd', ['--config', '.jscpd.json', '.']],
  ['package exports', 'node', ['scripts/check-packages.mjs']],
  ['Node 22, 24, 26', 'node', ['scripts/node-matrix.mjs', '22', '24', '26', '--', 'vitest', 'run']],
];

const results = parts.map(([name, command, args, env]) => {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const ok = run(command, args, env) === 0;
  return { name, ok, seconds: (performance.now() - start) / 1000 };
});
console.log('');
for (const { name, ok, seconds } of results) console.log(`${ok ? 'ok    ' : 'FAILED'}  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
