// Every scenario on every library. What docs/compared/policies.md says of it is held by compared.test.ts.
import { libraries, scenarios } from './suite.mjs';

const { all, skipped } = await libraries(console.log);
for (const why of skipped) console.log(`skipped: ${why}`);
for (const [id, { must, run }] of Object.entries(scenarios)) {
  console.log(`${id}: ${must}`);
  for (const library of all) {
    const found = await run(library);
    const mark = !found ? '–' : found.right ? '✔' : '✖';
    console.log(`    ${mark} ${library.name.padEnd(18)} ${found?.seen ?? 'has no such thing'}`);
  }
}
// A probe that never ends is still waited for by some.
process.exit(0);
