import { describe, expect, it } from 'vitest';
import { readUnit } from './analysis/model.js';
import { localResolver } from './analysis/resolver.js';
import { checkUnits } from './check.js';
import { folder } from './folder.fixture.js';
import { lintProject } from './project.js';
import { lintText } from './text.js';
import { tsMorph } from './ts-morph.js';

const ODD = [
  '',
  'class',
  'class {',
  '@Saga() @Step() @Compensate()',
  'class A { @Saga }',
  'class A { @Saga() @Step() async #x() {} }',
  'class A { @Saga() place = async () => { await fetch("x"); } }',
  'class A { @Saga() static async place() {} @Step() get x() { return 1; } @Step() abstract y(): void; }',
  'class A { @Compensate(undefined) async x() {} @Compensate(...args) async y() {} @Compensate(a ? b : c, 1) async z() {} }',
  'class A { @Compensate((a: A) => a["b"]) async x() {} @Compensate((a) => a.b.c) async y() {} @Compensate(function () {}) async z() {} }',
  'class A { @Compensate((a: A) => a.x) async x(undo: Undo<A, "x">) { await this.x(undo); } }',
  'class A { @Step({ ...more, [key]: 1, readOnly }) async x({ a: { b = 1 } = {}, ...rest }, [c, , d]) {} }',
  'const a = a; const b = c; const c = b; class A { @Saga() async run() { a(); b.x(); c.y.z(); a?.b?.(); a`x`; new b(); super.x(); import("x"); } }',
  'class A extends A { @Saga() async run() { await super.run(); await this.run(); } }',
  'class A extends B {} class B extends A { @Compensate((a: B) => a.nothing) async run() { await this.x(); } }',
  'const A = class { @Step() async x() {} }; export default class { @Step() async y() {} }',
  'class A { @Saga({ id: class {}, name: `a${1}` }) async "quoted name"() {} @Step() async [computed]() {} @Step() async 1() {} }',
  'defineSaga(); defineStep("a"); defineSaga("a", {}, nothing); defineStep("b", { compensate }, async () => {}); defineSaga(`n${1}`, {}, async (run) => run.step(b, 1));',
  'type A<T> = T extends infer U ? A<U> : never; class B { @Step() async x(a: A<B>): Promise<A<A<B>>> {} }',
  'interface I { i: I; f: I[] } class B { @Step() async x(a: I): Promise<I> {} }',
  'class A { @Saga() async run() { for (;;) { try { await this.run(); } catch ({ message }) { continue; } finally { break; } } } }',
  'class A { @Saga() async run() { label: while (1) { switch (1) { case 1: await this.run(); break label; default: } } } }',
  'class A { @Saga() *run() { yield* this.run(); } @Step() async *x() {} }',
  'enum E { A = fetch("x") } namespace N { export class A { @Step() async x() {} } } declare class D { @Step() x(): void }',
  '// redress-disable-next-line',
  '/* redress-disable-next-line */ // redress-disable-next-line -- -- -- --',
  `class A { @Saga() async run() { ${'('.repeat(300)}1${')'.repeat(300)}; ${'await fetch('.repeat(100)}${')'.repeat(100)} } }`,
  '\ufeffclass A { @Step() async x() {} }',
  'class Ä漢 { @Step() async ключ() {} }\r\nclass B { @Step() async x() {} }\u2028',
];
const withImport = (code: string): string =>
  `import { Saga, Step, Compensate, Checkpointed } from '@redress/decorators';\nimport { defineSaga, defineStep } from '@redress/core';\n${code}`;

describe('odd code', () => {
  it.each(ODD)('%s is looked at by all rules', (code) => {
    const found = lintText('odd.ts', withImport(code), { preset: 'strict' });
    expect(found.filter(({ rule }) => rule === 'unreadable-file')).toEqual([]);
    for (const { line, column, mark } of found) expect(Math.min(line, column, mark.line, mark.column, mark.length)).toBeGreaterThan(0);
  });

  it('is looked at with types too, all of it together', async () => {
    using project = folder(Object.fromEntries(ODD.map((code, i) => [`odd-${i}.ts`, withImport(code)])));
    const { findings } = await lintProject({ root: project.root, config: { preset: 'strict' } });
    expect(findings.filter(({ rule }) => rule === 'unreadable-file')).toEqual([]);
    expect(findings.length).toBeGreaterThan(5);
  }, 60_000);

  it('over which a rule fails is one finding of that rule, and the others go on', () => {
    const source = tsMorph.parse('a.ts', withImport('class A { @Step() async x() {} @Saga() async y() {} }'));
    const unit = readUnit('a.ts', source, ['@redress/']);
    const resolver = localResolver(() => [unit]);
    const broken = {
      ...resolver,
      operationOf: () => {
        throw new Error('out of luck');
      },
      operations: () => {
        throw new Error('out of luck');
      },
    };
    const odd = readUnit(
      'b.ts',
      tsMorph.parse('b.ts', withImport('class A { @Step() x() { this.y(); } y() {} @Compensate((a: A) => a.none) z() {} }')),
      ['@redress/'],
    );
    const found = checkUnits({ units: [odd], resolver: broken, checker: undefined, config: {}, display: (path) => path }).get('b.ts') ?? [];
    expect(
      found.some(
        ({ rule, message }) => rule === 'unreadable-file' && message.includes('step-requires-compensation failed on it: out of luck'),
      ),
    ).toBe(true);
    expect(found.map(({ rule }) => rule)).toContain('compensation-target-exists');
  });

  it('in a ring of calls hides no effect, and ends', async () => {
    const saga = `import { Saga } from '@redress/decorators';
import { a } from './ring.js';
export class Orders { @Saga() async place(n: number) { await a(n); } }`;
    const ring = `export async function a(n: number): Promise<void> { if (n) await b(n - 1); }
export async function b(n: number): Promise<void> { await a(n); await c(n); }
export async function c(n: number): Promise<void> { await b(n); await fetch('x', { method: 'POST' }); }`;
    using project = folder({ 'saga.ts': saga, 'ring.ts': ring });
    const { findings } = await lintProject({ root: project.root });
    expect(findings.map(({ message }) => message)).toEqual([
      'Orders.place reaches an effect, and not in a step: place → a (ring.ts:1) → b (ring.ts:2) → c (ring.ts:3) → fetch; it would be done again with each replay',
    ]);
  }, 60_000);

  it('that is nested too deep to be walked is one finding, and the files beside it are checked', async () => {
    const deep = `export const a = ${'1 + '.repeat(30_000)}1;`;
    using project = folder({ 'deep.ts': withImport(deep), 'a.ts': withImport('class A { @Step() async x() {} }') });
    const { findings } = await lintProject({ root: project.root });
    expect(findings.find(({ path }) => path === 'a.ts')?.rule).toBe('step-requires-compensation');
    expect(new Set(findings.filter(({ path }) => path === 'deep.ts').map(({ rule }) => rule)).size).toBeLessThan(2);
    expect(lintText('deep.ts', withImport(deep)).every(({ rule }) => rule === 'unreadable-file')).toBe(true);
  }, 60_000);

  it('that cannot be read, or stands behind a broken configuration, is said', async () => {
    using project = folder({
      'a.ts': withImport('class A { @Step() async x() {} }'),
      'tsconfig.json': '{ "compilerOptions": { "target": "ES1999" } }',
    });
    const { findings } = await lintProject({ root: project.root });
    expect(findings.map(({ rule }) => rule)).toContain('step-requires-compensation');
  }, 60_000);
});
