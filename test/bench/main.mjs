// npm run bench -- <suite> [--save] [--quick] [--only a,b]: runs a suite of test/bench, prints it, and keeps it in test/bench/results when told to.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';

const SUITES = ['core', 'lint', 'policies', 'recovery', 'rollback', 'sagas', 'scale', 'sqlite-scale'];
const options = { save: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } };
const { values, positionals } = parseArgs({ allowPositionals: true, options });
const [suite = 'core'] = positionals;
if (!SUITES.includes(suite)) {
  console.error(`There is no suite "${suite}". There are: ${SUITES.join(', ')}.`);
  process.exit(2);
}

const lines = [];
const print = (line = '') => {
  lines.push(line);
  console.log(line);
};

const cpu = cpus();
print(`redress bench ${suite}, ${new Date().toISOString().slice(0, 10)}`);
print(
  `node ${process.version}, ${process.platform} ${release().split('-')[0]}, ${cpu.length} x ${cpu[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
);
print();
const { run } = await import(`./${suite}.mjs`);
await run(print, { quick: values.quick ?? false, only: values.only });
if (values.save) {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${suite}.txt`, folder), `${lines.join('\n')}\n`);
}
