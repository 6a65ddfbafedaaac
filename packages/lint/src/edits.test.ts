import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyEdits, rewrite } from './edits.js';
import { folder } from './folder.fixture.js';
import { lintProject } from './project.js';
import { lintText } from './text.js';

const BARE = `import { Step, step } from '@redress/decorators';

export class Payments {
  /** Takes the money. */
  @Step()
  async charge(id: string) {
    return fetch('x', { method: 'POST', body: id, headers: { key: step().key } });
  }

  undoCharge() {}
}
`;

describe('--write-stubs', () => {
  it('writes a typed undo that throws, its mark and its imports, and the stub is flagged', async () => {
    using project = folder({ 'payments.ts': BARE });
    const { findings } = await lintProject({ root: project.root });
    expect(rewrite(project.root, findings, 'stub')).toBe(1);
    const text = readFileSync(join(project.root, 'payments.ts'), 'utf8');
    expect(text).toBe(
      BARE.replace('Step, step }', 'Step, step, Compensate, type Undo }')
        .replace('  @Step()', '  @Compensate((p: Payments) => p.undoCharge2)')
        .replace(
          '  }\n\n  undoCharge() {}',
          "  }\n\n  async undoCharge2(undo: Undo<Payments, 'charge'>): Promise<void> {\n" +
            '    throw new Error(`not implemented: undo of Payments.charge, ${undo.forwardKey}`);\n  }\n\n  undoCharge() {}',
        ),
    );
    expect(
      lintText('payments.ts', text)
        .filter(({ level }) => level === 'error')
        .map(({ rule }) => rule),
    ).toEqual(['compensation-not-stub']);
    expect(rewrite(project.root, (await lintProject({ root: project.root })).findings, 'stub')).toBe(0);
  });

  it('marks a method that is reached and does not import us', async () => {
    const saga = `import { Saga } from '@redress/decorators';\nimport { Bank } from './bank.js';
export class Orders {\n  constructor(private readonly bank: Bank) {}\n  @Saga() async place(id: string) { await this.bank.pay(id); await this.bank.fee(id); }\n}`;
    const post = "await fetch('x', { method: 'POST', body: id });";
    using project = folder({
      'a.ts': saga,
      'bank.ts': `// Copyright\nexport class Bank {\n\tasync pay(id: string) { ${post} }\n\tasync fee(id: string) { ${post} }\n}\n`,
    });
    expect(rewrite(project.root, (await lintProject({ root: project.root })).findings, 'stub')).toBe(2);
    const text = readFileSync(join(project.root, 'bank.ts'), 'utf8');
    expect(text).toMatch(
      /^\/\/ Copyright\nimport \{ Compensate, type Undo \} from '@redress\/decorators';\nexport class Bank \{\n\t@Compensate\(\(b: Bank\) => b\.undoPay\)\n\tasync pay/,
    );
    expect(text.match(/^import/gm)).toHaveLength(1);
    expect((await lintProject({ root: project.root })).steps).toMatchObject({ compensated: 2 });
  });
});

describe('--fix', () => {
  it('makes the safe fixes, and a second run finds nothing to make', async () => {
    using project = folder({
      'tsconfig.json':
        '{ "compilerOptions": { "emitDecoratorMetadata": true, "experimentalDecorators": true, "target": "ES2022", "module": "NodeNext" } }',
      'order.ts': 'export interface Order { id: string }\nexport class Stock {}',
      'a.ts': `import { Checkpointed, Saga, Step } from '@redress/decorators';
import { singleton } from 'tsyringe';
import type { Stock, Order } from './order.js';
import { Order as Ordered } from './order.js';
@Checkpointed({ id: (o: Orders) => 'x' })
@singleton()
export class Orders {
  constructor(private readonly stock: Stock) {}
  @Saga({ id: (order: Order) => order.id })
  async place(order: Order) { await this.look(order); }
  @Step({ readOnly: true })
  async look(order: Ordered) {}
}`,
    });
    const rules = { 'explicit-inject': 'off' } as const;
    const first = await lintProject({ root: project.root, config: { rules } });
    expect(first.findings.map(({ rule }) => rule).toSorted()).toEqual([
      'checkpointed-schema-version',
      'import-type-for-metadata',
      'no-import-type-injection',
    ]);
    expect(rewrite(project.root, first.findings, 'fix')).toBe(3);
    const text = readFileSync(join(project.root, 'a.ts'), 'utf8');
    expect(text).toContain("import { Stock, type Order } from './order.js';");
    expect(text).toContain("import { type Order as Ordered } from './order.js';");
    expect(text).toContain("@Checkpointed({ id: (o: Orders) => 'x', version: 1 })");
    expect((await lintProject({ root: project.root, config: { rules } })).findings).toEqual([]);
  });

  it('leaves the second of two that overlap for the next run, and makes equal ones once', () => {
    const edit = (start: number, end: number, text: string) => ({ start, end, text });
    expect(applyEdits('abcdef', [[edit(1, 3, 'X')], [edit(2, 4, 'Y')], [edit(5, 6, 'Z')]])).toEqual({ text: 'aXdeZ', applied: 2 });
    expect(applyEdits('ab', [[edit(1, 1, '+')], [edit(1, 1, '+'), edit(2, 2, '!')]])).toEqual({ text: 'a+b!', applied: 2 });
  });
});
