import { defineSaga, defineStep, RefusedError } from '@redress/core';
import type { Undo } from '@redress/core';
import { Compensate, step } from '@redress/decorators';
import { describe, expect, it } from 'vitest';
import { Orders, Outside, Payments, shop, Stock } from '../shop.fixture.js';
import type { Order } from '../shop.fixture.js';
import { everyCrash } from './every-crash.js';
import type { Report } from './report.js';
import { sagaLab } from './saga-lab.js';

type Parts = (outside: Outside) => Parameters<typeof shop>[1];

const input = (n: number): Order => ({ id: `o-${n + 1}`, cents: 500 });
const world = (): Outside => new Outside();
/** Every order that was taken has its unit, its money and its mail; the others have nothing. */
const fair = ({ units, cents, mails }: Outside): boolean => cents === (10 - units) * 500 && mails.length >= 10 - units;

const crashes = (parts: Parts = () => ({}), more: { only?: string; seed?: number } = {}): Promise<Report> =>
  everyCrash({ instances: (w: Outside) => shop(w, parts(w)), saga: [Orders, 'place'], input, world, invariant: fair, ...more });

const lab = (parts: Parts = () => ({})): Promise<Report> =>
  sagaLab({
    instances: (w: Outside) => shop(w, parts(w)),
    saga: [Orders, 'place'],
    input,
    world,
    invariant: fair,
    snapshot: (w) => w.snapshot(),
    outage: (w) => {
      w.isDown = true;
      return () => (w.isDown = false);
    },
  });

/** Names of the trials that went wrong, without those of the classes: the broken ones have names of their own. */
async function wrong(work: Promise<Report>): Promise<string[]> {
  const error = await work.then(
    () => new Error('nothing was found'),
    (found: Error) => found,
  );
  return [...error.message.matchAll(/✖ (.*)/g)].map(([, name = '']) => name.replace(/\w+\.(charge|reserve|send)/g, '$1'));
}

/** Asked twice it charges twice. */
class Keyless extends Payments {
  @Compensate((p: Keyless) => p.refund, { total: true })
  override async charge(order: Order): Promise<string> {
    this.outside.answers.set(step().key, 'charged');
    this.outside.cents += order.cents;
    return 'charged';
  }
}

class Forgetful extends Stock {
  override async release(): Promise<void> {}
}

class Swallowing extends Payments {
  override async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    await super.refund(undo).catch(() => {});
  }
}

/** Needs the answer, and takes its absence for "nothing there". */
class Trusting extends Payments {
  override async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    if (undo.outcome === 'done') await super.refund(undo);
  }
}

/** Puts a unit back each time that it is asked. */
class Generous extends Stock {
  override async release(): Promise<void> {
    this.outside.units += 1;
  }
}

/** Takes back what is there, and leaves the key open for what comes late. */
class Open extends Payments {
  override async refund(undo: Undo<Payments, 'charge'>): Promise<void> {
    await super.refund(undo);
    this.outside.closed.delete(undo.forwardKey);
    if (!this.outside.answers.delete(undo.forwardKey)) return;
  }
}

describe('everyCrash', () => {
  it('dies at every place, forward and backward', async () => {
    const report = await crashes();
    const names = report.findings.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['forward > nothing dies', 'forward > before:write started, step:1', 'forward > after:Mail.send']),
    );
    expect(names).toEqual(expect.arrayContaining(['backward > before:undo Payments.charge', 'backward > after:undo Stock.reserve']));
    // Forward: 4 writes and 3 steps, before and after; backward: 6 writes, 3 steps and 2 undos; and each once without a death.
    const [completed, compensated] = [(4 + 3) * 2 + 1, (6 + 3 + 2) * 2 + 1];
    expect(report).toMatchObject({ covered: names.length, total: completed + compensated, endings: { completed, compensated } });
    expect(String(report)).toMatch(/^Orders\.place: 38 of 38 trials, 15 completed, 23 compensated, seed \d+$/);
  });

  it('finds a step that has its effect again', async () => {
    const found = await wrong(crashes((w) => ({ payments: new Keyless(w) })));
    expect(found).toContain('forward > after:charge');
    expect(found).not.toContain('forward > before:charge');
  });

  it('finds an undo that forgets', async () => {
    expect(await wrong(crashes((w) => ({ stock: new Forgetful(w) })))).toContain('backward > nothing dies');
  });

  it('names the seed, and how to repeat one place alone', async () => {
    const parts: Parts = (w) => ({ payments: new Keyless(w) });
    const error = await crashes(parts, { seed: 7 }).catch((found: Error) => found);
    expect(String(error)).toMatch(/everyCrash, Orders\.place: \d+ of \d+ trials went wrong \(seed 7\)/);
    expect(String(error)).toContain('the invariant does not hold: it answered false. Orders.place "o-1" is completed');
    expect(String(error)).toMatch(
      /REDRESS_SEED=7 REDRESS_ONLY='forward > .*' npx vitest run '.*lab\.test\.ts' -t 'everyCrash names the seed/,
    );
    expect(await wrong(crashes(parts, { only: 'forward > after:Keyless.charge' }))).toEqual(['forward > after:charge']);
    expect(await crashes(parts, { only: 'forward > before:Mail.send' })).toMatchObject({ covered: 1 });
    await expect(crashes(parts, { only: 'forward > nowhere' })).rejects.toThrow('There is no trial "forward > nowhere". There are:');
  });

  it('lets the next process die too, where it comes by', async () => {
    const given = { instances: shop, saga: [Orders, 'place'] as const, input: input(0), world, invariant: fair };
    const report = await everyCrash({ ...given, twice: true });
    const names = report.findings.map(({ name }) => name);
    expect(names).toContain('backward > after:undo Payments.charge, then before:undo Stock.reserve');
    expect(names).toContain('forward > after:write started, step:1, then after:Stock.reserve');
    expect(report.covered).toBeGreaterThan(200);
  });

  it('takes further ways, several arguments and plain functions', async () => {
    const books = { sum: 0 };
    const add = defineStep(
      'add',
      { compensate: async ({ args }) => void (books.sum -= args[0]) },
      async (n: number) => void (books.sum += n),
    );
    const pair = defineSaga('pair', {}, async (run, a: number, b: number) => {
      await run.step(add, a);
      await run.step(add, b);
    });
    const given = { steps: [add], saga: pair, args: [1, 2] as [number, number], world: () => Object.assign(books, { sum: 0 }) };
    const report = await everyCrash({
      ...given,
      invariant: () => true,
      also: { 'the second is refused': (t) => t.failAt(add, new RefusedError('no'), { call: 2, times: 9 }) },
    });
    expect(report.findings.map(({ name }) => name)).toContain('the second is refused > after:undo add');
    const found = await wrong(everyCrash({ ...given, invariant: (w) => w.sum === 3 || w.sum === 0 }));
    expect(found).toContain('forward > after:add');
  });

  it('says so when a run never ends', async () => {
    const stuck = defineStep(
      'stick',
      { compensate: async () => Promise.reject(new Error('never')), undo: { maxRetries: 1 } },
      async () => 1,
    );
    const saga = defineSaga('sticky', {}, async (run) => run.step(stuck));
    const error = await everyCrash({ saga, steps: [stuck], args: [], world: () => ({}), invariant: () => true }).catch(
      (found: Error) => found,
    );
    expect(String(error)).toContain('did not end: sticky');
    expect(String(error)).toContain('stuck at stick: Error: never');
  });
});

describe('sagaLab', () => {
  it('fills the whole table', async () => {
    const report = await lab();
    const names = report.findings.map(({ name }) => name);
    expect(report.covered).toBe(report.total);
    expect(names.filter((name) => name.startsWith('Payments.charge'))).toEqual(
      [
        'runs twice',
        'refused',
        'answer lost',
        'request lost',
        'deadline passes',
        'undone first, then it arrives',
        'undo runs twice',
        'undo fails, then works',
      ]
        .concat('undo meets an outage')
        .map((column) => `Payments.charge > ${column}`),
    );
    expect(names.filter((name) => name.startsWith('Mail.send'))).toHaveLength(5);
    expect(names.filter((name) => name.startsWith('two runs'))).toHaveLength(6);
  });

  const broken: readonly (readonly [what: string, parts: Parts, cells: readonly string[], clean: readonly string[]])[] = [
    [
      'a step without a key',
      (w) => ({ payments: new Keyless(w) }),
      ['charge > runs twice', 'forward > after:charge'],
      ['reserve > runs twice'],
    ],
    ['an undo that forgets', (w) => ({ stock: new Forgetful(w) }), ['charge > refused', 'reserve > answer lost'], ['reserve > runs twice']],
    ['an undo that swallows', (w) => ({ payments: new Swallowing(w) }), ['charge > undo meets an outage'], ['charge > undo runs twice']],
    ['an undo that needs the answer', (w) => ({ payments: new Trusting(w) }), ['charge > answer lost'], ['charge > undo runs twice']],
    [
      'an undo that is not repeatable',
      (w) => ({ stock: new Generous(w) }),
      ['reserve > undo runs twice', 'reserve > request lost'],
      ['send > refused'],
    ],
    [
      'an undo that can be overtaken',
      (w) => ({ payments: new Open(w) }),
      ['charge > undone first, then it arrives'],
      ['charge > answer lost'],
    ],
  ];
  it.each(broken)('finds %s', async (_, parts, cells, clean) => {
    const found = await wrong(lab(parts));
    expect(found).toEqual(expect.arrayContaining([...cells]));
    for (const cell of clean) expect(found).not.toContain(cell);
  });

  it('finds runs that get in each other’s way', async () => {
    const shelf = { units: 1, read: 0 };
    const look = defineStep('look', { readOnly: true }, async () => shelf.units);
    const put = defineStep('put', { irreversible: 'it is put' }, async (units: number) => void (shelf.units = units));
    const saga = defineSaga('increment', {}, async (run, { id }: { id: string }) => [id, await run.step(put, (await run.step(look)) + 1)]);
    const found = await wrong(
      sagaLab({
        saga,
        steps: [look, put],
        input: (n) => ({ id: `i-${n}` }),
        world: () => Object.assign(shelf, { units: 1 }),
        snapshot: ({ units }) => units,
      }),
    );
    expect(found).toEqual(['two runs > the other passes after look', 'two runs > the other passes before put']);
  });

  it('leaves out what is excused, with the reason, and counts it as not covered', async () => {
    const given = { instances: shop, saga: [Orders, 'place'] as const, world, snapshot: (w: Outside) => w.snapshot() };
    const report = await sagaLab({ ...given, input: input(0), except: { 'Mail.send > runs twice': 'the mailer has no keys' } });
    const skipped = report.findings.filter(({ verdict }) => verdict === 'skipped').map(({ name, why }) => `${name}: ${why}`);
    expect(skipped).toEqual([
      'Stock.reserve > undo meets an outage: give `outage`, which breaks the world for a while',
      'Payments.charge > undo meets an outage: give `outage`, which breaks the world for a while',
      'Mail.send > runs twice: the mailer has no keys',
      'two runs > interleaved: give `input` as a function: input(1) is for the other run, with another id',
    ]);
    expect(report.covered).toBe(report.total - 4);
    await expect(sagaLab({ ...given, input: input(0), except: { 'Mail.send > on fire': 'no' } })).rejects.toThrow(
      'there is no cell Mail.send > on fire',
    );
  });
});
