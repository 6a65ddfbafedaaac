import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDesk, openShop } from './world.fixture.js';
import type { Desk } from './world.fixture.js';

/** The code of the shop as it is today, with what a change of it makes. */
const configOf = (change: Readonly<Record<string, string>>): string => `
import { createRuntime, defineSaga, defineStep } from '@redress/core';

const refuse = async () => {
  throw new Error('a step was called');
};
const reserve = defineStep('Stock.reserve', { compensate: refuse, undo: { total: true } }, refuse);
const charge = defineStep('Payments.charge', { compensate: refuse, undo: { total: true } }, refuse);
const mail = defineStep('Mail.send', { irreversible: 'sent last' }, refuse);
const place = defineSaga('place-order', { id: (id: string) => id }, async (run, id) => {
  await run.step(reserve, ${change['sku'] ?? "'sku-1'"});
  ${change['between'] ?? ''}
  await run.step(charge, id, 1999);
  await run.step(mail, id);
  ${change['after'] ?? ''}
});
const wait = defineSaga('wait', { id: (id: string) => id }, async (run, _id) => {
  const given = await run.receive('go');
  ${change['answer'] ?? 'return given;'}
});
export default {
  app: (store) => createRuntime({ store, sagas: [place, wait], steps: [reserve, charge, mail], worker: false, grace: 100 }),
};
`;

/** Below the folder in which the packages are found. */
const scratch = join(import.meta.dirname, `../node_modules/.replay-${process.pid}`);

describe("replay: a history against today's code", () => {
  let desk: Desk;
  beforeAll(async () => {
    mkdirSync(scratch, { recursive: true });
    desk = openDesk();
    const shop = openShop(desk.file);
    await shop.order('o-1');
    await shop.order('o-2@good');
    for (const id of ['w', 'x', 'y']) await shop.wait(id);
    await shop.runtime.signal('wait', 'w', 'go', new Map([['n', 12n]]));
    await shop.until('wait', 'w', 'completed');
    await shop.runtime.admin.cancel('wait', 'y', { who: 'ann', why: 'enough' });
    await shop.until('wait', 'y', 'compensated');
    await shop.close();
    const runs = ['place-order/o-1', 'place-order/o-2@good', 'wait/w', 'wait/x', 'wait/y'];
    const { code, err } = await desk.tell(['export', ...runs, '-o', 'runs.ndjson']);
    if (code !== 0) throw new Error(err);
  });
  afterAll(() => {
    desk[Symbol.dispose]();
    rmSync(scratch, { recursive: true, force: true });
  });

  let files = 0;
  const replay = async (change: Readonly<Record<string, string>>): Promise<{ code: number; says: Record<string, string> }> => {
    const file = join(scratch, `${(files += 1)}.ts`);
    writeFileSync(file, configOf(change));
    try {
      const { code, out, err } = await desk.tell(['replay', 'runs.ndjson', '--json', '--config', file]);
      expect(err).toBe('');
      const lines = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { run: string; agrees: boolean; says: string });
      return { code, says: Object.fromEntries(lines.map(({ run, agrees, says }) => [run, `${agrees ? 'yes' : 'no'}: ${says}`])) };
    } finally {
      rmSync(file);
    }
  };

  it('agrees with the code that made it, and calls no step', async () => {
    expect(await replay({})).toEqual({
      code: 0,
      says: {
        'place-order/o-1': 'yes: agrees: goes back for the same reason (Error: no such address)',
        'place-order/o-2@good': 'yes: agrees: the same steps, the same result',
        'wait/w': 'yes: agrees: the same steps, the same result',
        'wait/x': 'yes: agrees up to @receive go("go"), whose outcome is open',
        'wait/y': expect.stringMatching(/^yes: agrees up to @receive go/) as string,
      },
    });
  });

  it.each([
    ['other arguments', { sku: "'sku-2'" }, 'place-order/o-1', /^no: .*step 1 is Stock\.reserve with \["sku-1"\].*\["sku-2"\]/],
    [
      'another step between',
      { between: 'await run.step(mail, id);' },
      'place-order/o-1',
      /^no: .*step 2 is Payments\.charge, the code waits/,
    ],
    [
      'a step behind the end',
      { after: 'await run.step(mail, id);' },
      'place-order/o-2@good',
      /^no: calls Mail\.send.* where the history had completed/,
    ],
    ['an end before a step', { between: 'return;' }, 'place-order/o-2@good', /^no: .*the code ends without calling it/],
    ['another result', { answer: 'return { given };' }, 'wait/w', /^no: ends with .*, where the history has \[\["n","12n"\]\]/],
    [
      'a failure that was none',
      { answer: "throw new Error('new');" },
      'wait/w',
      /^no: goes back \(Error: new\), where the history does not/,
    ],
    ['another failure', { between: "throw new Error('early');" }, 'place-order/o-1', /^no: .*step 2 is Payments\.charge/],
  ])('finds %s', async (_, change, run, verdict) => {
    const { code, says } = await replay(change);
    expect(code).toBe(1);
    expect(says[run]).toMatch(verdict);
  });

  it('refuses what is no export, and a configuration that cannot be read', async () => {
    const config = join(import.meta.dirname, 'none.ts');
    writeFileSync(join(desk.folder, 'odd.json'), '{"schema":"x"}\n');
    writeFileSync(join(desk.folder, 'worse.json'), 'no json\n');
    writeFileSync(join(desk.folder, 'app.mjs'), 'export default { app: () => ({}) };');
    writeFileSync(join(desk.folder, 'broken.ts'), 'export default {');
    writeFileSync(join(desk.folder, 'typo.mjs'), 'export default { stroe: "x" };');
    const errorOf = async (...line: string[]): Promise<string> => {
      const { code, err } = await desk.tell(line);
      expect(code).toBe(2);
      return err;
    };
    expect(await errorOf('replay', 'odd.json', '--config', 'app.mjs')).toContain('was not written by "redress export"');
    expect(await errorOf('replay', 'worse.json', '--config', 'app.mjs')).toContain('no JSON');
    expect(await errorOf('replay', 'gone.json', '--config', 'app.mjs')).toContain('There is no file gone.json');
    expect(await errorOf('list', '--config', 'broken.ts')).toContain('cannot be read');
    expect(await errorOf('list', '--config', 'typo.mjs')).toContain('"stroe" is not known; there are store, namespace, app, lint');
    expect(await errorOf('list', '--config', config)).toContain('there is no such file');
  });

  it('exports to the screen what it exports to a file', async () => {
    const { out } = await desk.tell('export wait/w');
    expect(readFileSync(join(desk.folder, 'runs.ndjson'), 'utf8')).toContain(out);
  });
});
