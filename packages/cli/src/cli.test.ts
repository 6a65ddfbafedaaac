import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDesk, openShop, timeless } from './world.fixture.js';
import type { Desk } from './world.fixture.js';

const golden = (name: string): string => `./golden/${name}.txt`;

describe('the command, on a shop with a stuck order', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = openDesk();
    const shop = openShop(desk.file);
    await shop.order('o-1');
    await shop.order('o-2@good');
    await shop.close();
  });
  afterAll(() => desk[Symbol.dispose]());

  it.each([
    ['help', '--help', 0],
    ['help-of-a-verb', 'retry --help', 0],
    ['list', 'list', 0],
    ['list-json', 'list --json', 0],
    ['list-nothing', 'list --status mixed', 1],
    ['show', 'show o-1', 0],
    ['show-json', 'show place-order/o-1 --json', 0],
    ['dry-run', 'retry o-1 --reason open --dry-run', 0],
    ['dry-run-waive', 'waive o-1 --step Payments.charge --reason lost --dry-run', 0],
    ['dry-run-impossible', 'cancel o-1 --reason no --dry-run', 0],
    ['graph', 'graph o-1', 0],
    ['graph-dot', 'graph o-1 --format dot', 0],
    ['completion-bash', 'completion bash', 0],
    ['completion-zsh', 'completion zsh', 0],
    ['completion-fish', 'completion fish', 0],
  ])('prints %s', async (name, line, expected) => {
    const { code, out, err } = await desk.tell(line);
    expect(code).toBe(expected);
    await expect(timeless(`${out}--- stderr\n${err}`)).toMatchFileSnapshot(golden(name));
  });

  it.each([
    ['no store', ['list'], { env: {} }, 2, 'No store was named'],
    ['a store of no known kind', ['list', '--store', 'mysql://x'], {}, 2, 'write sqlite:<file>'],
    ['a file that is not there', ['list', '--store', 'sqlite:nope.db'], {}, 2, 'there is no file'],
    ['a store that does not answer', ['list', '--store', 'redis://:secret@127.0.0.1:1'], {}, 5, 'redis://:***@127.0.0.1:1 does not answer'],
    ['an unknown command', ['lst'], {}, 2, "unknown command 'lst'"],
    ['an unknown option', ['list', '--al'], {}, 2, "unknown option '--al'"],
    ['an unknown status', ['list', '-s', 'dead'], {}, 2, 'there are running'],
    ['a limit that is none', ['list', '--limit', '0'], {}, 2, 'whole number'],
    ['a tag without a value', ['list', '--tag', 'order'], {}, 2, '<key>=<value>'],
    ['an age that is none', ['list', '--older-than', 'old'], {}, 2, 'is not a duration'],
    ['a run that is not there', ['show', 'place-order/o-9'], {}, 1, 'There is no run place-order/o-9'],
    ['no reason', ['retry', 'o-1'], {}, 2, "required option '--reason"],
    ['an empty reason', ['retry', 'o-1', '--reason', ' ', '-y'], {}, 2, 'say why'],
    ['nobody to ask', ['retry', 'o-1', '--reason', 'x'], {}, 2, 'add --yes'],
    ['a no', ['retry', 'o-1', '--reason', 'x'], { answer: 'n' }, 2, 'Nothing was changed'],
    ['a verb that is too late', ['cancel', 'o-1', '--reason', 'x', '-y'], {}, 4, 'stuck'],
    ['the wrong step', ['waive', 'o-1', '--step', 'Mail.send', '--reason', 'x', '-y'], {}, 4, 'not at Mail.send'],
    ['a value that is no JSON', ['signal', 'o-1', 'go', '--value', '{', '-y'], {}, 2, 'that is no JSON'],
    ['a configuration that is not there', ['list', '--config', 'x.ts'], {}, 2, 'there is no such file'],
    ['a replay without an app', ['replay', 'x.json'], {}, 2, 'has no `app`'],
  ])('says in a sentence what is wrong with %s, and changes nothing', async (_, line, io, expected, sentence) => {
    const before = (await desk.tell('show o-1 --json')).out;
    const { code, out, err } = await desk.tell(line, io);
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(err).toContain(sentence);
    expect(err).not.toMatch(/\n\s+at /);
    expect(err).not.toContain('secret');
    expect((await desk.tell('show o-1 --json')).out).toBe(before);
  });

  it('is NDJSON when it is piped, and for people when told so', async () => {
    const piped = await desk.tell('list', { isTerminal: false });
    const lines = piped.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ schema, id }) => [schema, id])).toEqual([
      ['redress/run@1', 'o-1'],
      ['redress/run@1', 'o-2@good'],
    ]);
    expect(piped.err).toBe('');
    expect((await desk.tell('list --no-json', { isTerminal: false })).out).toMatch(/^SAGA /);
  });

  it('colours for a terminal only, and not against NO_COLOR', async () => {
    const isColored = async (line: string, color: boolean): Promise<boolean> => (await desk.tell(line, { color })).out.includes('\u001b[');
    expect(await isColored('list', true)).toBe(true);
    expect(await isColored('list', false)).toBe(false);
    expect(await isColored('list --json', true)).toBe(false);
  });

  it('fits a narrow terminal, and keeps the columns that say most', async () => {
    const { out } = await desk.tell('list', { columns: 60 });
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(out).toContain('stuck');
    expect(out).toContain('…');
  });
});
