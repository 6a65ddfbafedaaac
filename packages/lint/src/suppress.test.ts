import { describe, expect, it } from 'vitest';
import { folder } from './folder.fixture.js';
import { lintProject } from './project.js';
import { lintText } from './text.js';

const step = (comment: string): string => `import { Step } from '@redress/decorators';
class Payments {
  ${comment}
  @Step()
  // some other remark
  async charge() {}
}`;
const found = (comment: string): string[] => lintText('a.ts', step(comment)).map(({ rule, message }) => `${rule}: ${message}`);

describe('a suppression', () => {
  it('silences its rule for the declaration below it, decorators and remarks between them', () => {
    expect(found('// redress-disable-next-line step-requires-compensation -- a price look-up, read only')).toEqual([]);
    expect(found('/* redress-disable-next-line one-pivot, step-requires-compensation -- a price look-up */')).toEqual([]);
  });

  it('stands on a line of its own: one in a text is none', () => {
    expect(found("name = '// redress-disable-next-line step-requires-compensation';")).toHaveLength(1);
  });

  it('silences no other rule', () => {
    expect(found('// redress-disable-next-line one-pivot -- a price look-up, read only')).toHaveLength(1);
  });

  it.each(['', '-- ', '-- todo', '-- short', '-- x x x x x', '-- legacy code'])('needs a reason of ten letters: %s', (reason) => {
    expect(found(`// redress-disable-next-line step-requires-compensation ${reason}`)).toEqual([
      'suppression-needs-reason: this suppression of step-requires-compensation gives no reason of at least 10 letters',
      expect.stringContaining('step-requires-compensation: Payments.charge'),
    ]);
  });

  it('names a rule that there is', () => {
    expect(found('// redress-disable-next-line step-needs-undo -- a price look-up, read only')[0]).toContain('there is no such rule');
    expect(found('// redress-disable-next-line -- a price look-up, read only')[0]).toContain('names no rule');
  });

  it('that suppresses nothing is said by the command, where all is seen', async () => {
    const text =
      "import { Step } from '@redress/decorators';\n// redress-disable-next-line one-pivot -- it was needed once\nexport const a = 1;";
    using project = folder({ 'a.ts': text });
    const { findings } = await lintProject({ root: project.root });
    expect(findings.map(({ rule, level, line }) => [rule, level, line])).toEqual([['unused-suppression', 'warning', 2]]);
    expect(lintText('a.ts', text)).toEqual([]);
  });

  it('works in a file that does not import us, where a chain has led to', async () => {
    const saga = `import { Saga } from '@redress/decorators';
import { Bank } from './bank.js';
export class Orders {
  constructor(private readonly bank: Bank) {}
  @Saga() async place(id: string) { await this.bank.pay(id); }
}`;
    const bank = (comment: string): string =>
      `export class Bank {\n  ${comment}\n  async pay(id: string) { await fetch('x', { method: 'POST', body: id }); }\n}`;
    using project = folder({ 'a.ts': saga, 'bank.ts': bank('') });
    const before = await lintProject({ root: project.root });
    expect(before.findings.map(({ path, rule }) => [path, rule])).toEqual([['bank.ts', 'step-requires-compensation']]);
    project.write('bank.ts', bank('// redress-disable-next-line step-requires-compensation -- the sandbox of the bank'));
    const after = await lintProject({ root: project.root });
    expect([after.findings, after.suppressed.map(({ reason }) => reason)]).toEqual([[], ['the sandbox of the bank']]);
  });
});
