// For as long as told: seeds of the simulation on every core, a storm over supervised processes, and the demos in turn, which
// kill their own workers at random.
//   npm run soak -- --minutes 10 [--from 1]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
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
/** Seeds of one core never meet those of another. */
const SEEDS_APART = 100_000_000;

const DEMOS = ['orders', 'banking', 'supervision'];
build(...DEMOS.map((name) => `examples/${name}/tsconfig.build.json`));
console.log(`soak: ${minutes} min from seed ${first}`);
const start = performance.now();
const children = new Set();
const simulations = Array.from({ length: availableParallelism() }, (_, core) => simulate(first + core * SEEDS_APART));
const stormy = storm();
const runs = await demos();
const seeds = (await Promise.all(simulations)).reduce((sum, one) => sum + one, 0);
const perSecond = (seeds / ((performance.now() - start) / 1_000)).toFixed(0);
console.log(await stormy);
console.log(`soak: ${seeds} seeds of the simulation, each twice (${perSecond}/s), and ${runs} demos with random kills, without a failure`);

/** What broke is told whole, everything else is ended. */
function fail(output, what) {
  process.stdout.write(output);
  console.error(`\nsoak: ${what}`);
  for (const child of children) child.kill('SIGTERM');
  process.exit(1);
}

/** Seeds one after the other from `from` on, in a process of its own. Answers how many. */
async function simulate(from) {
  const env = { REDRESS_SOAK_FROM: String(from), REDRESS_SOAK_SECONDS: String(minutes * 60), NO_COLOR: '1', FORCE_COLOR: '0' };
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/simulation/simulation.test.ts'];
  const { code, output } = await ended(args, root, env, minutes * 60_000 + RUN_LIMIT_MS);
  const count = /^simulation: (\d+) seeds/m.exec(output)?.[1];
  if (code !== 0 || count === undefined) fail(output, `the simulation from seed ${from} broke a rule (${code}): see above for its seed`);
  return Number(count);
}

/** Processes of supervisors, killed and stopped at random, half of the time on each store. Answers what it says of itself. */
async function storm() {
  const env = { REDRESS_SOAK_FROM: String(first), REDRESS_SOAK_SECONDS: String(minutes * 60), NO_COLOR: '1', FORCE_COLOR: '0' };
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/supervision/storm.test.ts'];
  const { code, output } = await ended(args, root, env, minutes * 60_000 + RUN_LIMIT_MS);
  if (code !== 0) fail(output, `the storm over supervised processes from seed ${first} broke a rule (${code})`);
  return output.match(/^storm: .*$/gm)?.join('\n') ?? 'storm: left out';
}

/** One demo after the other, each with its own seed. Answers how many. */
async function demos() {
  let reported = start;
  let seed = first;
  for (; performance.now() - start < minutes * 60_000; seed += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'redress-soak-'));
    const name = DEMOS[(seed - first) % DEMOS.length];
    const { code, output } = await ended([join(root, `examples/${name}/dist/demo.js`), '--seed', String(seed)], folder, {}, RUN_LIMIT_MS);
    rmSync(folder, { recursive: true, force: true });
    const again = `npm run demo -- ${name === 'orders' ? '' : `${name} `}--seed ${seed}`;
    if (code !== 0) fail(output, `the ${name} demo failed (${code}) after ${seed - first} good ones. Again: ${again}`);
    if (performance.now() - reported > REPORT_EVERY_MS) {
      reported = performance.now();
      console.log(`soak: ${seed - first + 1} demos, ${((reported - start) / 60_000).toFixed(1)} min, last seed ${seed}`);
    }
  }
  return seed - first;
}

/** Runs a script of node in a process of its own. `code`: 0 when it ended well, else what it ended with. */
function ended(args, cwd, env, limitMs) {
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let output = '';
  const keep = (chunk) => (output = (output + chunk).slice(-200_000));
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((resolve) => {
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, limitMs);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      children.delete(child);
      resolve({ code: late ? `no end after ${(limitMs / 60_000).toFixed(1)} min` : (signal ?? code), output });
    });
  });
}
