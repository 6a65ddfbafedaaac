// Runs the orders demo, which kills its own workers at random, over one seed after the other for as long as told.
//   npm run soak -- --minutes 10 [--from 1]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, option, root } from './tools.mjs';

const minutes = Number(option('minutes', '10'));
const first = Number(option('from', String(Math.floor(Math.random() * 1e9))));
if (!(minutes > 0) || !Number.isInteger(first)) {
  console.error('--minutes takes a number above 0, --from a whole number.');
  process.exit(2);
}
const RUN_LIMIT_MS = 5 * 60_000;
const REPORT_EVERY_MS = 30_000;

build('examples/orders/tsconfig.build.json');
console.log(`soak: ${minutes} min from seed ${first}`);
const start = performance.now();
let reported = start;
let seed = first;
for (; performance.now() - start < minutes * 60_000; seed += 1) {
  const { reason, output } = await once(seed);
  if (reason !== undefined) {
    process.stdout.write(output);
    console.error(`\nsoak: seed ${seed} failed (${reason}) after ${seed - first} good runs. Again: npm run demo -- --seed ${seed}`);
    process.exit(1);
  }
  if (performance.now() - reported > REPORT_EVERY_MS) {
    reported = performance.now();
    console.log(`soak: ${seed - first + 1} runs, ${((reported - start) / 60_000).toFixed(1)} min, last seed ${seed}`);
  }
}
console.log(`soak: ${seed - first} runs without a failure, seeds ${first} to ${seed - 1}`);

/** One demo in a folder of its own. `reason` is undefined when it ended well. */
function once(seed) {
  const folder = mkdtempSync(join(tmpdir(), 'redress-soak-'));
  const child = spawn(process.execPath, [join(root, 'examples/orders/dist/demo.js'), '--seed', String(seed)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-200_000));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((resolve) => {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, RUN_LIMIT_MS);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      rmSync(folder, { recursive: true, force: true });
      const reason = late ? `no end after ${RUN_LIMIT_MS / 60_000} min` : code === 0 ? undefined : `ended with ${signal ?? code}`;
      resolve({ reason, output });
    });
  });
}
