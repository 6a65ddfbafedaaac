// Takes each guard of test/mutations.mjs out in turn, in memory, and wants its tests to turn red.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutations } from '../test/mutations.mjs';
import { root } from './tools.mjs';

const LIMIT_MS = 120_000;

/** A test without its guard may run for ever: then its whole process group ends. */
function run(args, env) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
    const limit = setTimeout(() => process.kill(-Number(child.pid), 'SIGKILL'), LIMIT_MS);
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.once('close', (status) => {
      clearTimeout(limit);
      resolve({ status, stdout });
    });
  });
}

const only = process.argv.slice(2);
const chosen = only.length === 0 ? mutations : mutations.filter(({ id }) => only.includes(id));
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
let bad = 0;
for (const { id, guarantee, file, from, also = [], tests } of chosen) {
  const places = [{ file, from }, ...also];
  const missing = places.filter((one) => readFileSync(join(root, one.file), 'utf8').split(one.from).length !== 2);
  if (missing.length > 0 || !existsSync(join(root, tests))) {
    console.log(`✖ ${id}: its guard does not stand once in ${missing[0]?.file ?? tests}`);
    bad += 1;
    continue;
  }
  const env = { ...process.env, REDRESS_MUTATION: id, NO_COLOR: '1', FORCE_COLOR: '0' };
  const { status, stdout } = await run([vitest, 'run', tests], env);
  const red = /(?:×|FAIL) +(?:.*? > )?(.*?)(?: \d+ ?ms)?$/m.exec(stdout)?.[1]?.trim();
  const caught = status === 1 && red !== undefined;
  if (!caught) bad += 1;
  console.log(`${caught ? '✔' : '✖'} ${id}: ${guarantee}\n    ${caught ? `red: ${red}` : `no test of ${tests} missed it`}`);
}
console.log(`\nmutations: ${chosen.length - bad} passed, ${bad} failed`);
process.exit(bad === 0 ? 0 : 1);
