// Takes each guard of test/mutations.mjs out in turn, in memory, and wants its tests to turn red.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutations } from '../test/mutations.mjs';
import { root } from './tools.mjs';

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
  const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', tests], { cwd: root, env, encoding: 'utf8', timeout: 120_000 });
  const red = /(?:×|FAIL) +(?:.*? > )?(.*?)(?: \d+ ?ms)?$/m.exec(stdout ?? '')?.[1]?.trim();
  const caught = status === 1 && red !== undefined;
  if (!caught) bad += 1;
  console.log(`${caught ? '✔' : '✖'} ${id}: ${guarantee}\n    ${caught ? `red: ${red}` : `no test of ${tests} missed it`}`);
}
console.log(`\nmutations: ${chosen.length - bad} passed, ${bad} failed`);
process.exit(bad === 0 ? 0 : 1);
