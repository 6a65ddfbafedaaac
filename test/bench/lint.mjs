// The lint over a generated project, against the type check of the same project in the same run; and one file in ESLint.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generate, SAGAS } from './lint-project.mjs';

const CHILD = fileURLToPath(new URL('lint-child.mjs', import.meta.url));
const GOALS = { cold: 0.5, warm: 0.05, memoryMb: 800, editorMs: 150 };

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const say = (ok) => (ok ? 'kept' : 'MISSED');

export async function run(print, { quick }) {
  const root = mkdtempSync(join(tmpdir(), 'redress-bench-lint-'));
  try {
    generate(root);
    const child = (what) => JSON.parse(execFileSync(process.execPath, [CHILD, what, root], { encoding: 'utf8' }));
    const rounds = Array.from({ length: quick ? 1 : 5 }, () => {
      rmSync(join(root, '.cache'), { recursive: true, force: true });
      return { tsc: child('tsc'), cold: child('lint'), warm: child('lint') };
    });
    const [first] = rounds;
    if (first.tsc.problems > 0) throw new Error(`The generated project has type errors: ${first.tsc.first}`);
    if (first.cold.cached !== 0 || first.warm.cached !== first.cold.units) throw new Error('The cache did not do what is measured.');
    print(
      `1,000 files, 10,000 methods; ${first.cold.units} import us, ${first.cold.steps} steps with an undo, ${first.cold.findings} findings; TypeScript ${first.tsc.version}`,
    );
    print(`median of ${rounds.length}, processes side by side, start-up included\n`);
    const of = (name, key) => median(rounds.map((one) => one[name][key]));
    for (const [name, label] of [
      ['tsc', 'type check'],
      ['cold', 'lint, cold'],
      ['warm', 'lint, warm'],
    ]) {
      print(`${label.padEnd(12)} ${seconds(of(name, 'ms'))}   cpu ${seconds(of(name, 'cpuMs'))}   ${Math.round(of(name, 'maxRssMb'))} MB`);
    }
    // Of processor time, which the other work of a machine does not change; the clock's ratio stands beside it.
    const ratio = (name, key = 'cpuMs') => median(rounds.map((one) => one[name][key] / one.tsc[key]));
    const memory = Math.max(...rounds.flatMap(({ cold, warm }) => [cold.maxRssMb, warm.maxRssMb]));
    print();
    print(
      `cold   ${ratio('cold').toFixed(3)} x   (by the clock ${ratio('cold', 'ms').toFixed(3)})   at most ${GOALS.cold}: ${say(ratio('cold') <= GOALS.cold)}`,
    );
    print(
      `warm   ${ratio('warm').toFixed(3)} x   (by the clock ${ratio('warm', 'ms').toFixed(3)})   at most ${GOALS.warm}: ${say(ratio('warm') <= GOALS.warm)}`,
    );
    print(`memory ${Math.round(memory)} MB   at most ${GOALS.memoryMb}: ${say(memory <= GOALS.memoryMb)}`);
    const editor = await inEditor(root, quick ? 5 : 30);
    print(`one file in ESLint ${editor.toFixed(1)} ms   at most ${GOALS.editorMs}: ${say(editor <= GOALS.editorMs)}`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`.padStart(8);

/** The rules alone over one file after another, as an editor that is open calls them; the plugin is loaded once. */
async function inEditor(root, times) {
  const { plugin } = await import('eslint-plugin-redress');
  const rules = Object.keys(plugin.configs.strict.rules).map((name) => plugin.rules[name.slice('redress/'.length)]);
  const all = Array.from({ length: times }, (_, i) => {
    const filename = join(root, `src/service${SAGAS + i}.ts`);
    const sourceCode = { text: readFileSync(filename, 'utf8') };
    const start = performance.now();
    for (const rule of rules) rule.create({ filename, sourceCode, settings: {}, report: () => {} }).Program();
    return performance.now() - start;
  });
  return median(all);
}
