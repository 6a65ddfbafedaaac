import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import AjvModule from 'ajv-draft-04';
import { describe, expect, it } from 'vitest';
import { lintText } from '../text.js';
import { reporters } from './index.js';
import type { Format } from './index.js';
import type { Look, Report } from './report.js';

const PLAIN: Look = { color: false, width: 160 };
const SOURCE = `import { Compensate, Step } from '@redress/decorators';
import type { Undo } from '@redress/decorators';

export class Zahlungen {
  @Step()
  async überweise(empfänger: string, 金額: number) {
    return fetch('https://bank.example/<a>&"b"', { method: 'POST', body: \`\${empfänger} \${金額}\` });
  }

	@Compensate((z: Zahlungen) => z.zurück) async /* 漢字漢字 */ buche(konto: string, notiz: () => void): Promise<void> {}

  async zurück(undo: Undo<Zahlungen, 'buche'>) {}

  // redress-disable-next-line step-requires-compensation -- a price look-up, read only
  @Step() async frage() {}
}
`;

function report(source = SOURCE): Report {
  const findings = lintText('src/zahlungen ü.ts', source);
  const steps = { compensated: 1, readOnly: 0, irreversible: 0, undeclared: 2 };
  const suppressed = findings.slice(0, 1).map((finding) => ({ finding, reason: 'a price look-up, read only' }));
  return { root: '/shop', findings, suppressed, steps, sagas: [], files: 214, elapsedMs: 912, baseline: undefined };
}

/** The checked-in file; UPDATE_GOLDEN=1 writes it. */
function golden(name: string, text: string): string {
  const file = fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, text);
  return readFileSync(file, 'utf8');
}

describe('reporters', () => {
  it.each(Object.keys(reporters) as Format[])('%s writes what its golden file shows', (format) => {
    const text = reporters[format](report(), PLAIN);
    expect(text).toBe(golden(`report.${format}.txt`, text));
  });

  it('stylish has no colours where none are wanted, and the same text under them', () => {
    const plain = reporters.stylish(report(), PLAIN);
    const colored = reporters.stylish(report(), { ...PLAIN, color: true });
    expect(plain).not.toContain('\u001b');
    expect(colored).toContain('\u001b[31m');
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  it('stylish stays within a narrow terminal, whatever the width of the letters', () => {
    const text = reporters.stylish(report(), { color: false, width: 50 });
    expect(text).toBe(golden('report.narrow.txt', text));
  });

  it('stylish says that nothing was found, and what the baseline holds', () => {
    const clean = { ...report(''), baseline: { file: 'redress-baseline.json', known: 10, gone: 2 } };
    expect(reporters.stylish(clean, PLAIN)).toBe(
      'no problems · 3 steps: 1 compensated, 0 read-only, 0 irreversible, 2 undeclared · 0.9 s, 214 files\n' +
        '12 older findings in redress-baseline.json (2 no longer occur: run --prune-baseline)\n',
    );
  });

  it('github shows ten of a kind as annotations and says the rest in the log', () => {
    const many = { ...report(), findings: Array.from({ length: 12 }, () => report().findings.find(({ level }) => level === 'error')!) };
    const lines = reporters.github(many, PLAIN).split('\n');
    expect(lines.filter((line) => line.startsWith('::error '))).toHaveLength(10);
    expect(lines.filter((line) => line.includes('  error  '))).toHaveLength(2);
    expect(lines.at(-2)).toMatch(/^12 problems/);
  });

  it('junit is well-formed, with all that XML does not take escaped or left out', () => {
    const [first] = report().findings;
    const odd = { ...report(), findings: [{ ...first!, message: 'a < b & "c"\u0000\u001b\n]]>' }] };
    const text = reporters.junit(odd, PLAIN);
    expect(text).toContain('a &lt; b &amp; &quot;c&quot;&#10;]]&gt;');
    expect(text).not.toMatch(/[\u0000\u001b]/);
  });
});

describe('SARIF', () => {
  const schema = createRequire(import.meta.url)('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as object;
  const Ajv = AjvModule as unknown as typeof AjvModule.default;
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(schema);
  type Log = {
    runs: { results: { partialFingerprints: object; locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[];
  };
  const log = (source?: string): Log => JSON.parse(reporters.sarif(report(source), PLAIN)) as Log;

  it('fits the schema of 2.1.0', () => {
    expect(validate(log()), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(validate(log(''))).toBe(true);
    expect(validate({ ...log(), version: '2.0.0' })).toBe(false);
  });

  it('has relative paths, and fingerprints that stay when lines move', () => {
    const moved = log(`\n\n\n${SOURCE.replace('async überweise', '\n\n  async überweise')}`);
    const prints = (one: Log): object[] => one.runs[0]!.results.map(({ partialFingerprints }) => partialFingerprints);
    expect(prints(moved)).toEqual(prints(log()));
    expect(new Set(prints(log()).map((one) => JSON.stringify(one))).size).toBeGreaterThan(2);
    for (const { locations } of log().runs[0]!.results) {
      expect(locations[0]!.physicalLocation.artifactLocation.uri).toBe('src/zahlungen%20%C3%BC.ts');
    }
  });
});
