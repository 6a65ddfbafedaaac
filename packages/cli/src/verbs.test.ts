import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDesk, openShop } from './world.fixture.js';
import type { Desk, Shop } from './world.fixture.js';

describe('verbs, while workers run', () => {
  let desk: Desk;
  let shop: Shop;
  beforeEach(() => {
    desk = openDesk();
    shop = openShop(desk.file);
  });
  afterEach(async () => {
    await shop.close();
    desk[Symbol.dispose]();
  });
  const done = async (line: readonly string[], expected = 0): Promise<string> => {
    const { code, out, err } = await desk.tell(line);
    expect({ code, err }).toEqual({ code: expected, err: '' });
    return out;
  };

  it('retries a stuck run when what was in its way is gone', async () => {
    await shop.order('o-1');
    shop.isBankClosed = false;
    expect(await done(['retry', 'o-1', '--reason', 'the bank is open', '-y'])).toMatch(
      /^place-order\/o-1 {2}retry by ann {2}now compensat/,
    );
    await shop.until('place-order', 'o-1', 'compensated');
    expect(shop.calls).toEqual(['refund', 'release']);
    expect((await shop.runtime.admin.show('place-order', 'o-1')).audit).toMatchObject([
      { verb: 'retry', who: 'ann', why: 'the bank is open' },
    ]);
  });

  it('records an undo that was done by hand, with its evidence', async () => {
    await shop.order('o-1');
    await done(['mark-compensated', 'place-order/o-1', '--step', 'Payments.charge', '--evidence', 'ticket 5', '--reason', 'by hand', '-y']);
    await shop.until('place-order', 'o-1', 'compensated');
    expect(shop.calls).toEqual(['release']);
    const { audit } = await shop.runtime.admin.show('place-order', 'o-1');
    expect(audit).toMatchObject([{ verb: 'markCompensated', step: 'Payments.charge', evidence: 'ticket 5' }]);
  });

  it('gives an undo up: the run ends mixed', async () => {
    await shop.order('o-1');
    await done(['waive', 'o-1', '--step', '2', '--reason', 'written off', '--who', 'bob', '-y']);
    await shop.until('place-order', 'o-1', 'mixed');
    expect(shop.calls).toEqual(['release']);
    expect((await shop.runtime.admin.show('place-order', 'o-1')).audit).toMatchObject([{ verb: 'waive', who: 'bob' }]);
  });

  it('asks, and does what a yes says', async () => {
    await shop.order('o-1');
    shop.isBankClosed = false;
    const { code, err } = await desk.tell(['retry', 'o-1', '--reason', 'open'], { answer: 'yes' });
    expect({ code, err }).toEqual({ code: 0, err: 'retry place-order/o-1? [y/N] ' });
    await shop.until('place-order', 'o-1', 'compensated');
  });

  it('holds, releases and signals a run', async () => {
    await shop.wait('w');
    await done(['hold', 'wait/w', '--reason', 'look first', '-y']);
    expect((await shop.runtime.admin.show('wait', 'w')).held).toBe(true);
    expect(await done(['list', '--held', '--json', '--saga', 'wait'])).toContain('"held":true');
    await done(['signal', 'w', 'go', '--value', '{"ok":true}', '-y']);
    await done(['release', 'w', '--reason', 'seen', '-y']);
    await shop.until('wait', 'w', 'completed');
    expect((await shop.runtime.admin.show('wait', 'w')).result).toEqual({ ok: true });
  });

  it('cancels a run, and never makes one up from a slip of the pen', async () => {
    await shop.wait('w');
    const { code } = await desk.tell(['cancel', 'wait/W', '--reason', 'x', '-y']);
    expect(code).toBe(1);
    expect((await shop.runtime.admin.list({ saga: 'wait' })).runs.map(({ id }) => id)).toEqual(['w']);
    await done(['cancel', 'wait/w', '--reason', 'x', '-y']);
    await shop.until('wait', 'w', 'compensated');
  });

  it('takes the runs of a list from the standard input, and goes on behind one that refuses', async () => {
    for (const id of ['o-1', 'o-2', 'o-3@good']) await shop.order(id);
    shop.isBankClosed = false;
    const { out } = await desk.tell('list --json');
    const { code, err } = await desk.tell(['retry', '-', '--reason', 'open', '-y'], { stdin: [...out.trim().split('\n'), ''] });
    expect(code).toBe(4);
    expect(err).toContain('o-3@good');
    for (const id of ['o-1', 'o-2']) await shop.until('place-order', id, 'compensated');
    const odd = await desk.tell(['retry', '-', '--reason', 'open', '-y'], { stdin: ['{"no":1}'] });
    expect([odd.code, odd.err]).toEqual([2, expect.stringContaining('names no run')]);
    const none = await desk.tell(['retry', '-', '--reason', 'open', '-y']);
    expect([none.code, none.err]).toEqual([2, 'No run was named.\n']);
  });

  it('asks which one is meant when several runs have an id', async () => {
    await shop.order('w');
    await shop.wait('w');
    const { code, err } = await desk.tell('show w');
    expect({ code, err }).toEqual({ code: 2, err: 'w is the id of 2 runs: place-order/w, wait/w. Say which.\n' });
  });

  it('forgets ended runs, those only', async () => {
    await shop.order('o-1');
    for (const id of ['a@good', 'b@good']) await shop.order(id);
    expect((await desk.tell('purge --ended-before 0ms --dry-run')).out).toBe('at most 2 runs would be forgotten\n');
    expect((await desk.tell('purge --ended-before 1d -y')).out).toBe('0 runs forgotten\n');
    expect((await desk.tell('purge --ended-before 0ms -y --json')).out).toBe('{"schema":"redress/purged@1","purged":2}\n');
    expect((await shop.runtime.admin.list()).runs.map(({ id }) => id)).toEqual(['o-1']);
  });

  it('follows a run to its end, and all runs until nothing is unfinished', async () => {
    await shop.wait('w');
    const one = desk.tell('tail w --until-end --interval 10ms');
    const all = desk.tell('tail --until-end --interval 10ms --json');
    await shop.runtime.signal('wait', 'w', 'go');
    const { code, out } = await one;
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(/ {2,}/)[1]),
    ).toEqual(['saga.started', 'step.started', 'signal.received', 'step.completed', 'saga.completed']);
    const statuses = (await all).out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { readonly status: string }).status);
    expect(statuses.at(-1)).toBe('completed');
  });

  it('ends a tail by Ctrl-C', async () => {
    await shop.wait('w');
    const stop = new AbortController();
    const told = desk.tell('tail w --interval 1h', { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    expect((await told).code).toBe(0);
  });

  it('shows thousands of runs page by page', async () => {
    const store = shop.runtime.store;
    const entries = [{ key: 'started', type: 'saga.started', data: 'json:{}' }];
    const ids = Array.from({ length: 2_500 }, (_, i) => `bulk/${String(i).padStart(5, '0')}`);
    await Promise.all(
      ids.map((id) =>
        store.commit({ id, expect: 'absent', create: { kind: 'saga', name: 'bulk' }, entries, head: { status: 'completed' } }),
      ),
    );
    const first = await desk.tell('list --saga bulk');
    expect(first.out.split('\n')).toHaveLength(102);
    expect(first.err).toContain('there are more');
    const all = await desk.tell('list --saga bulk --all');
    expect(all.out.match(/^SAGA/gm)).toHaveLength(1);
    expect(all.err).toBe('2500 runs\n');
    expect((await desk.tell('list --saga bulk --limit 1500 --json')).out.trim().split('\n')).toHaveLength(1_500);
  });
});
