// Everything between a fresh clone and the demo's first line: compile without a word, then become the demo.
//   npm run demo -- [orders|banking|supervision|policies|ledger] [flags of that demo]
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, root } from './tools.mjs';

const EXAMPLES = ['orders', 'banking', 'supervision', 'policies', 'ledger'];
const named = EXAMPLES.includes(process.argv[2] ?? '');
const example = named ? process.argv[2] : EXAMPLES[0];
const demo = join(root, `examples/${example}/dist/demo.js`);
build(`examples/${example}/tsconfig.build.json`);
if (!existsSync(demo)) {
  console.error(`examples/${example}/src/demo.ts is missing: there is nothing to run.`);
  process.exit(1);
}
process.argv.splice(1, named ? 2 : 1, demo);
await import(pathToFileURL(demo).href);
