import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { main } from './main.js';
import { ioOf } from './world.fixture.js';

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((one) => rmSync(one, { recursive: true, force: true })));

const STEP = "import { Step } from '@redress/decorators';\nexport class Payments {\n  @Step() async charge(id: string) { return id; }\n}\n";
const CLEAN = STEP.replace('@Step()', '@Step({ readOnly: true })');
const SLOW = CLEAN.replace('return id', "return fetch('x' + id)");

function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'redress-cli-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

async function run(cwd: string, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await main(argv, ioOf(cwd, { out: (text) => void (out += text), err: (text) => void (err += text) }));
  return { code, out, err };
}

describe('redress lint ends with', () => {
  it('0 when nothing is found', async () => {
    const { code, out, err } = await run(project({ 'a.ts': CLEAN }), 'lint');
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^no problems · 1 step: 0 compensated, 1 read-only, 0 irreversible, 0 undeclared · \d+\.\d s, 1 file\n$/);
  });

  it('1 on errors, and on more warnings than allowed', async () => {
    expect((await run(project({ 'a.ts': STEP }), 'lint')).code).toBe(1);
    const root = project({ 'a.ts': SLOW });
    expect((await run(root, 'lint')).code).toBe(0);
    expect((await run(root, 'lint', '--max-warnings', '0')).code).toBe(1);
    writeFileSync(join(root, 'redress.config.json'), '{ "lint": { "maxWarnings": 0 } }');
    expect((await run(root, 'lint')).code).toBe(1);
    expect((await run(root, 'lint', '--max-warnings', '1')).code).toBe(0);
  });

  it.each([
    [['lint', '--bogus'], "unknown option '--bogus'"],
    [['lint', '--format', 'xml'], "'xml' is invalid"],
    [['lint', '--max-warnings', 'few'], 'It is a number'],
    [['lint', 'nowhere'], 'there is no source to check there'],
    [['lint', '--config', 'none.json'], 'there is no such file'],
    [['lint', '--changed', 'HEAD'], 'git says'],
    [['lint', '--changed', '--output=x'], 'it is no reference of git'],
    [['lint', '--update-baseline', 'a.ts'], 'leave paths and --changed out'],
    [['lnt'], "unknown command 'lnt'"],
    [['explain', 'no-such-rule'], "There is no rule 'no-such-rule'"],
  ])('2 on %j, and one sentence', async (argv, sentence) => {
    const { code, err } = await run(project({ 'a.ts': CLEAN }), ...argv);
    expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([
    ['redress.config.json', '{', 'it is no JSON'],
    ['redress.config.json', '{ "lint": { "rulez": {} } }', 'rulez'],
    ['redress.config.json', '{ "lint": { "rules": { "no-such": "off" } } }', 'there is no rule no-such'],
    ['redress.config.ts', 'export default {', 'cannot be read'],
    ['redress.config.mjs', "throw new Error('no')", 'cannot be read: no'],
    ['package.json', '{ "redress": { "lint": { "tsconfig": "none.json" } } }', 'there is no'],
    ['redress-baseline.json', '[]', 'it is no baseline'],
    ['tsconfig.json', '{ "extends": "./none.json" ', 'cannot be read'],
  ])('2 when %s says %s', async (name, text, sentence) => {
    const { code, err } = await run(project({ 'a.ts': CLEAN, [name]: text }), 'lint');
    expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it('3 when it failed itself, in one sentence, and says where with --debug', async () => {
    const [root, broken] = [project({ 'a.ts': CLEAN }), new Error('out of paper')];
    const torn = (): never => {
      throw broken;
    };
    let err = '';
    const io = ioOf(root, { out: torn, err: (text) => void (err += text) });
    const code = await main(['lint'], io);
    expect([code, err]).toEqual([3, 'Error: out of paper\nThat should not have happened; --debug shows where.\n']);
    await main(['lint', '--debug'], io);
    expect(err).toContain('    at ');
  });
});

describe('redress lint', () => {
  it('reads a configuration in TypeScript, and leaves nothing beside it', async () => {
    const config =
      "interface A { a: string }\nconst level: 'off' = 'off';\nexport default { lint: { rules: { 'step-requires-compensation': level } } };";
    const root = project({ 'a.ts': STEP, 'redress.config.ts': config });
    expect((await run(root, 'lint')).code).toBe(0);
    expect(execFileSync('ls', { cwd: root, encoding: 'utf8' })).toBe('a.ts\nnode_modules\nredress.config.ts\n');
  });

  it('takes findings into a baseline, lets new ones through, and prunes', async () => {
    const root = project({ 'a.ts': STEP });
    expect((await run(root, 'lint', '--update-baseline')).code).toBe(0);
    expect(await run(root, 'lint')).toMatchObject({ code: 0, out: expect.stringContaining('1 older finding in redress-baseline.json') });
    writeFileSync(join(root, 'b.ts'), STEP.replaceAll('Payments', 'Stock'));
    expect(await run(root, 'lint')).toMatchObject({ code: 1, out: expect.stringContaining('1 problem (1 error, 0 warnings)') });
    writeFileSync(join(root, 'a.ts'), CLEAN);
    expect((await run(root, 'lint')).out).toContain('(1 no longer occurs: run --prune-baseline)');
    await run(root, 'lint', '--prune-baseline');
    expect(JSON.parse(readFileSync(join(root, 'redress-baseline.json'), 'utf8'))).toEqual({ version: 1, findings: [] });
  });

  it('shows what changed files have a part in, also in the middle of a chain', async () => {
    const saga =
      "import { Saga } from '@redress/decorators';\nimport { Bank } from './bank.js';\nexport class Orders {\n  constructor(readonly bank: Bank) {}\n  @Saga() async place(id: string) { await this.bank.pay(id); }\n}";
    const bank = "import { post } from './post.js';\nexport class Bank { async pay(id: string) { await post(id); } }";
    const root = project({ 'a.ts': STEP, 'orders.ts': saga, 'bank.ts': bank, 'post.ts': 'export async function post(id: string) {}' });
    const git = (...args: string[]): void =>
      void execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: root, stdio: 'ignore' });
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'first');
    expect((await run(root, 'lint')).code).toBe(1);
    expect((await run(root, 'lint', '--changed', 'HEAD')).code).toBe(0);
    writeFileSync(join(root, 'post.ts'), "export async function post(id: string) { await fetch('x', { method: 'POST', body: id }); }");
    const { code, out } = await run(root, 'lint', '--changed', 'HEAD');
    expect([code, out]).toEqual([1, expect.stringMatching(/^bank\.ts:2:\d+ {2}error {2}step-requires-compensation\n/)]);
    expect(out).not.toContain('a.ts:3');
  });

  it('writes stubs and fixes, and shows what is left', async () => {
    const root = project({ 'a.ts': STEP });
    const { code, out, err } = await run(root, 'lint', '--write-stubs', '--fix');
    expect([code, err]).toEqual([1, '1 change made\n']);
    expect(out).toContain('compensation-not-stub');
    expect(readFileSync(join(root, 'a.ts'), 'utf8')).toContain("async undoCharge(undo: Undo<Payments, 'charge'>)");
  });

  it('tells as JSON how much of each saga can be undone', async () => {
    const saga =
      "\nimport { Saga } from '@redress/decorators';\nexport class A {\n  constructor(readonly p: Payments) {}\n  @Saga() async run(id: string) { await this.p.charge(id); }\n}";
    const { out } = await run(project({ 'a.ts': STEP + saga }), 'lint', '--coverage');
    expect(JSON.parse(out)).toMatchObject({
      version: 1,
      sagas: [{ saga: 'A.run', effectful: 1, reversible: 0 }],
      steps: { undeclared: 1 },
    });
  });

  it('of one folder shows its findings only, and json is one document', async () => {
    const root = project({ 'a/a.ts': STEP, 'b/b.ts': STEP });
    const { out } = await run(root, 'lint', 'b', '--format', 'json');
    expect((JSON.parse(out) as { findings: { path: string }[] }).findings.map(({ path }) => path)).toEqual(['b/b.ts']);
  });
});

describe('redress', () => {
  it('is a command: it ends with its code, and quietly when nobody reads on', () => {
    const root = project({ 'a.ts': STEP });
    const redress = fileURLToPath(new URL('../bin/redress.mjs', import.meta.url));
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined };
    const ran = spawnSync(process.execPath, [redress, 'lint'], { cwd: root, encoding: 'utf8', env });
    expect([ran.status, ran.stderr]).toEqual([1, '']);
    expect(ran.stdout).toContain('a.ts:3:11  error  step-requires-compensation\n');
    const shell = `"${process.execPath}" "${redress}" lint --format json | true`;
    expect(spawnSync('sh', ['-c', shell], { cwd: root, encoding: 'utf8', env }).stderr).toBe('');
  });

  it('explains a rule, and lists them', async () => {
    expect((await run('.', 'explain', 'one-pivot')).out).toMatch(/^# one-pivot\n[^]*## Wrong\n\n```ts\n/);
    expect((await run('.', 'explain')).out.split('\n')).toContain('step-requires-compensation');
  });

  it('has a help and a version', async () => {
    expect(await run('.', '--help')).toMatchObject({ code: 0, out: expect.stringContaining('lint [options] [paths...]') });
    expect(await run('.', '--version')).toMatchObject({ code: 0, out: '0.1.0\n' });
  });

  it('draws a saga as its code has it: steps in their order, each with its undo', async () => {
    const code = `
import { Compensate, Saga, Step } from '@redress/decorators';
export class Payments {
  @Step() @Compensate((p: Payments) => p.refund) async charge(id: string) { return id; }
  async refund() {}
  @Step({ readOnly: true }) async ask(id: string) { return id; }
  @Step({ pivot: true, irreversible: 'a parcel is gone' }) async ship(id: string) { return id; }
}
export class Orders {
  constructor(readonly pay: Payments) {}
  @Saga() async place(id: string) { await this.help(id); await this.pay.charge(id); await this.pay.ship(id); }
  private async help(id: string) { await this.pay.ask(id); }
}`;
    const root = project({ 'a.ts': code });
    const { code: exit, out } = await run(root, 'graph', '--saga', 'Orders');
    expect(exit).toBe(0);
    await expect(out).toMatchFileSnapshot('./golden/graph-saga.txt');
    expect(out).toMatch(
      /Payments\.ask[^]*Payments\.charge[^]*Payments\.ship<br\/>pivot, irreversible[^]*undo Payments\.charge<br\/>refund/,
    );
    expect(await run(root, 'graph', '--saga', 'Nobody')).toMatchObject({
      code: 1,
      err: 'There is no saga Nobody here. There are: Orders.place.\n',
    });
    expect((await run(root, 'graph')).code).toBe(2);
  });
});
