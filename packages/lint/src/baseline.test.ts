import { describe, expect, it } from 'vitest';
import { baselineOf, compare, readBaseline, writeBaseline } from './baseline.js';
import { join } from 'node:path';
import { folder } from './folder.fixture.js';
import { lintText } from './text.js';

const SOURCE = `import { Step } from '@redress/decorators';
class Payments {
  @Step() async charge() {}
  @Step() async refund() {}
}`;
const findings = lintText('a.ts', SOURCE);

describe('a baseline', () => {
  it('holds findings over moves of the code, and lets new ones through', () => {
    const baseline = baselineOf(findings);
    const moved = SOURCE.replace('  @Step() async charge', '\n\n  // moved\n  @Step()\n  async charge').replace(
      '\n}',
      '\n  @Step() async send() {}\n}',
    );
    const { fresh, known, gone } = compare(lintText('b.ts', moved), baseline);
    expect(fresh.map(({ method }) => method)).toEqual(['send']);
    expect([known, gone]).toEqual([2, 0]);
    expect(JSON.stringify(baseline)).not.toMatch(/"line"/);
  });

  it('counts: the second gap of one kind in one place is new', () => {
    const once = lintText('a.ts', SOURCE.replace(/.*refund.*\n/, ''));
    const [first] = once;
    expect(compare([...once, first!], baselineOf(once)).fresh).toHaveLength(1);
  });

  it('is pruned of what no longer occurs', () => {
    const { gone, pruned } = compare(findings.slice(0, 1), baselineOf(findings));
    expect([gone, pruned.findings.map(({ method }) => method)]).toEqual([1, ['Payments.charge']]);
    expect(compare(findings.slice(0, 1), pruned)).toMatchObject({ fresh: [], gone: 0 });
  });

  it('comes back from its file, and one that is none is refused', () => {
    using project = folder({ 'broken.json': '{"version":2}' });
    const file = join(project.root, 'b.json');
    expect(readBaseline(file)).toBeUndefined();
    writeBaseline(file, baselineOf(findings));
    expect(readBaseline(file)).toEqual(baselineOf(findings));
    expect(() => readBaseline(join(project.root, 'broken.json'))).toThrow(/it is no baseline/);
    expect(() => readBaseline(project.root)).toThrow(/cannot be read/);
  });
});
