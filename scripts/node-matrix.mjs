// Runs a command under other lines of Node, fetched from the registry on demand: node scripts/node-matrix.mjs 22 24 26 -- vitest run
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root, run } from './tools.mjs';

const TOOLS = { vitest: 'node_modules/vitest/vitest.mjs' };
const folder = join(root, 'tools/node-matrix');
const at = process.argv.indexOf('--');
const lines = process.argv.slice(2, at);
const [tool, ...args] = process.argv.slice(at + 1);
if (at < 3 || tool === undefined) {
  console.error('Usage: node scripts/node-matrix.mjs 22 24 26 -- vitest run');
  process.exit(2);
}
const binary = (line) => join(folder, 'node_modules', `node${line}-${process.platform}-${process.arch}`, 'bin', 'node');

if (!lines.every((line) => existsSync(binary(line)))) {
  const status = run('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund']);
  if (status !== 0) process.exit(status);
  const missing = lines.filter((line) => !existsSync(binary(line)));
  if (missing.length > 0) {
    console.error(`No Node ${missing.join(', ')} for ${process.platform}-${process.arch} in tools/node-matrix/package.json.`);
    process.exit(1);
  }
}

let worst = 0;
for (const line of lines) {
  const node = binary(line);
  const start = performance.now();
  const status = run(node, [join(root, TOOLS[tool] ?? tool), ...args], { PATH: dirname(node) + delimiter + process.env['PATH'] });
  console.log(`== node ${line}: ${status === 0 ? 'ok' : 'FAILED'} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  worst ||= status;
}
process.exit(worst);
