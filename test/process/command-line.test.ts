import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '@redress/cli';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extract, root } from '../docs/files.js';
import { readDocument } from '../docs/programs.js';
import { buildPackages } from '../docs/verify.js';

const DOCUMENT = 'docs/command-line.md';
const text = readFileSync(join(root, DOCUMENT), 'utf8');

/** Each command of the transcript with what the document shows of it. */
const transcript = [...text.matchAll(/^```text\n([^]*?)^```$/gm)]
  .map(([, block]) => block as string)
  .filter((block) => block.startsWith('$ '))
  .flatMap((block) => block.split(/^\$ /m).slice(1))
  .map((part) => {
    const [command = '', ...shown] = part.split('\n');
    return { command, shown: shown.join('\n') };
  });

/** Moments and spans are not the same twice. */
function timeless(shown: string): string {
  return shown
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<moment>')
    .replace(/\b\d+(ms|s|m|h|d) ago\b/g, '<span> ago')
    .replace(/\(after \d+(ms|s|m)\)/g, '(after <span>)')
    .replace(/ {2}\d+(ms|s) +/g, '  <span>  ')
    .replace(/^ +#.*$/gm, (titles) => titles.replace(/ +/g, ' '));
}

function words(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? (bare as string));
}

describe(`the transcript in ${DOCUMENT}`, () => {
  let folder: string;
  beforeAll(() => {
    buildPackages();
    folder = mkdtempSync(join(tmpdir(), 'redress-transcript-'));
    const { programs } = readDocument(DOCUMENT, text);
    const [shop] = extract(
      'transcript',
      programs.filter(({ code }) => code.includes('// shop.ts')),
    );
    copyFileSync(shop?.script as string, join(folder, 'shop.mjs'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(root, 'test/node_modules/@redress'), join(folder, 'node_modules/@redress'));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (command: string): Promise<string> => {
    if (!command.startsWith('redress ')) return node(command);
    let said = '';
    const write = (some: string): void => void (said += some);
    await main(words(command).slice(1), {
      ...{ out: write, err: write, isTerminal: true, canAsk: false, columns: 100, color: false, cwd: folder, env: {} },
      ...{ lines: async function* () {}, ask: () => Promise.resolve(''), user: () => 'ann', now: () => Date.now() },
      signal: new AbortController().signal,
    });
    return said;
  };
  const node = (command: string): string => {
    const [bank, ...args] = words(command.replace('node shop.js', 'shop.mjs'));
    const env = bank?.startsWith('BANK=') ? { BANK: bank.slice(5) } : {};
    const { stdout, stderr, signal } = spawnSync(process.execPath, bank?.startsWith('BANK=') ? args : [bank as string, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGTERM',
    });
    return `${stdout}${stderr.replace(/^.*ExperimentalWarning[^]*?\n.*\n/gm, '')}${signal === 'SIGKILL' ? 'Killed\n' : ''}`;
  };

  it('is what a person sees, command by command', async () => {
    expect(transcript.length).toBeGreaterThan(8);
    for (const { command, shown } of transcript) {
      const said = await run(command);
      if (process.env['SHOW_TRANSCRIPT']) console.log(`$ ${command}\n${said}`);
      expect(timeless(said), command).toBe(timeless(shown));
    }
  }, 120_000);
});

describe('the program itself', () => {
  const bin = join(root, 'packages/cli/bin/redress.mjs');
  const redress = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', env: { ...process.env, REDRESS_STORE: '' } });
  beforeAll(buildPackages, 120_000);

  it('ends with its exit codes, and keeps results and remarks apart', () => {
    expect(redress('--version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string, stderr: '' });
    expect(redress('list', '--store', 'sqlite:none.db')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('there is no file') as string,
    });
    expect(redress('list', '--store', 'redis://127.0.0.1:1').status).toBe(5);
  });
});
