// Everything between a fresh clone and the demo's first line: compile without a word, then become the demo.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, root } from './tools.mjs';

const demo = join(root, 'examples/orders/dist/demo.js');
build('examples/orders/tsconfig.build.json');
if (!existsSync(demo)) {
  console.error('examples/orders/src/demo.ts is missing: there is nothing to run.');
  process.exit(1);
}
process.argv[1] = demo;
await import(pathToFileURL(demo).href);
