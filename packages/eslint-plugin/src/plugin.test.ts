import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import parser from '@typescript-eslint/parser';
import { Linter } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadRules } from '@redress/lint';
import { plugin } from './index.js';

const SOURCE = `import { Compensate, Step } from '@redress/decorators';
import type { Undo } from '@redress/decorators';
export class Payments {
  @Step() async charge(id: string) { return id; }
  @Compensate((p: Payments) => p.undo) async pay(id: string) { return id; }
  async undo(undo: Undo<Payments, 'pay'>) {}
}
`;

function check(text: string, config: object = plugin.configs.recommended, filename = 'a.ts'): Linter.LintMessage[] {
  const base = { files: ['**/*.ts'], languageOptions: { parser, sourceType: 'module' } };
  return new Linter().verify(text, [{ ...base, ...config }] as Linter.Config[], { filename });
}

describe('in ESLint', () => {
  it('reports what the command reports, at the same places and with the same words', async () => {
    const { lintText } = await loadRules();
    const expected = lintText('a.ts', SOURCE).map(({ rule, mark, message }) => [`redress/${rule}`, mark.line, mark.column, message]);
    const found = check(SOURCE).map(({ ruleId, line, column, message }) => [ruleId, line, column, message.split('\n')[0]]);
    expect(found).toEqual(expected);
    expect(found.map(([rule]) => rule)).toEqual(['redress/step-requires-compensation', 'redress/compensation-not-stub']);
  });

  it('suggests a stub of the undo, which is code that the rules accept but for its being a stub', () => {
    const [message] = check(SOURCE);
    expect(message?.suggestions?.map(({ desc }) => desc)).toEqual([
      'Write a stub of its undo, undoCharge',
      'It changes nothing: say readOnly',
      'It cannot be undone: say irreversible',
    ]);
    const eslint = new Linter();
    for (const one of message?.suggestions ?? []) {
      const edits = one.fix;
      const text = SOURCE.slice(0, edits.range[0]) + edits.text + SOURCE.slice(edits.range[1]);
      const left = eslint.verify(
        text,
        [{ files: ['**/*.ts'], languageOptions: { parser }, ...plugin.configs.recommended }] as Linter.Config[],
        { filename: 'a.ts' },
      );
      expect(left.map(({ ruleId }) => ruleId)).not.toContain('redress/step-requires-compensation');
      expect(left.some(({ fatal }) => fatal)).toBe(false);
    }
  });

  it('hears what the settings say of effects and modules', () => {
    const text = SOURCE.replaceAll('@redress/decorators', './recovery.js');
    expect(check(text)).toEqual([]);
    expect(check(text, { ...plugin.configs.recommended, settings: { redress: { modules: ['./recovery.js'] } } })).toHaveLength(2);
  });

  it('has strict rules in the strict configuration only', () => {
    const names = (config: { rules: object }): string[] => Object.keys(config.rules);
    expect(names(plugin.configs.recommended)).not.toContain('redress/compensation-idempotent');
    expect(names(plugin.configs.strict)).toContain('redress/compensation-idempotent');
    expect(names(plugin.configs.strict).every((name) => name.slice('redress/'.length) in plugin.rules)).toBe(true);
  });

  it('says nothing of files that do not import us, and survives odd ones', () => {
    expect(check('export const a = 1;')).toEqual([]);
    expect(check("import '@redress/decorators';\nclass { @Step() }").every(({ fatal }) => fatal)).toBe(true);
  });
});

describe('in oxlint', () => {
  const oxlint = join(dirname(createRequire(import.meta.url).resolve('oxlint/package.json')), 'bin/oxlint');
  const built = fileURLToPath(new URL('../dist/index.js', import.meta.url));
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(fileURLToPath(new URL('..', import.meta.url)), '.tmp-'));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it('the same rules run unchanged', async () => {
    writeFileSync(join(folder, 'a.ts'), SOURCE);
    const rules = Object.fromEntries(Object.entries(plugin.configs.recommended.rules));
    writeFileSync(
      join(folder, '.oxlintrc.json'),
      JSON.stringify({ jsPlugins: [{ name: 'redress', specifier: built }], categories: { correctness: 'off' }, rules }),
    );
    const ran = await promisify(execFile)(process.execPath, [oxlint, '-c', '.oxlintrc.json', '--format', 'json', '.'], {
      cwd: folder,
    }).catch((error: { stdout: string; stderr: string }) => error);
    const { diagnostics } = JSON.parse(ran.stdout) as { diagnostics: { code: string; message: string }[] };
    expect(diagnostics.map(({ code }) => code).toSorted(), ran.stdout).toEqual([
      'redress(compensation-not-stub)',
      'redress(step-requires-compensation)',
    ]);
    expect(diagnostics.some(({ message }) => message.startsWith('Payments.charge is a step'))).toBe(true);
  }, 60_000);
});
