import { currentScope, defineSaga, defineStep, RefusedError } from '@redress/core';
import type { Operation, Probe, ProbeAnswer, RunContext } from '@redress/core';
import { expect, it } from 'vitest';
import type { Report } from './report.js';
import { sagaLab } from './saga-lab.js';

/** Effects by key, and keys that are closed. */
let world = { done: new Set<string>(), closed: new Set<string>() };
const key = (): string => currentScope()?.step?.key ?? '';

function effect(name: string) {
  const compensate = async ({ forwardKey }: { forwardKey: string }): Promise<void> => {
    world.closed.add(forwardKey);
    world.done.delete(forwardKey);
  };
  return defineStep(name, { compensate, undo: { total: true } }, async (_n: number) => {
    if (world.closed.has(key())) throw new RefusedError('closed');
    world.done.add(key());
  });
}

const [a, b, c] = [effect('a'), effect('b'), effect('c')];
const send = defineStep('send', { irreversible: 'it is sent' }, async () => void world.done.add(key()));
const pay = defineStep(
  'pay',
  {
    ...{ pivot: true, irreversible: 'it is paid' },
    probe: async (asked: Probe): Promise<ProbeAnswer<void>> =>
      world.done.has(asked.key) ? { outcome: 'done', result: undefined } : { outcome: 'refused' },
  },
  async () => void world.done.add(key()),
);

function tryAll(name: string, steps: readonly Operation[], body: (run: RunContext, id: string) => Promise<unknown>): Promise<Report> {
  return sagaLab({
    ...{ saga: defineSaga(name, {}, body), steps, args: (n: number): [string] => [`${name}-${n}`] },
    world: () => (world = { done: new Set(), closed: new Set() }),
    snapshot: ({ done }) => [...done].map((one) => String(one.split('/').at(-1))).toSorted(),
    outage: () => () => {},
  });
}

/** Names of the cells that were not tried. */
function skipped({ findings }: Report): readonly string[] {
  return findings.filter(({ verdict }) => verdict === 'skipped').map(({ name }) => name);
}

it('branches that run at the same time', async () => {
  const report = await tryAll('parallel', [a, b, c], async (run) => {
    await run.step(a, 1);
    await Promise.all([run.step(b, 1), run.step(c, 1)]);
  });
  expect(skipped(report)).toEqual([]);
});

it('a step that is called again and again', async () => {
  const report = await tryAll('loop', [a], async (run) => {
    for (let i = 0; i < 3; i++) await run.step(a, i);
  });
  expect(skipped(report)).toEqual([]);
  expect(report.findings.map(({ name }) => name)).toContain('a#3 > undo runs twice');
});

it('a pivot, a durable wait, and what comes after them', async () => {
  const report = await tryAll('pivot', [a, pay, send], async (run) => {
    await run.step(a, 1);
    await run.sleep('1h');
    await run.step(pay);
    await run.step(send);
  });
  expect(skipped(report)).toEqual([]);
  const names = report.findings.map(({ name }) => name);
  expect(names).toContain('send > answer lost');
  // Past the point of no return nothing goes back.
  expect(names).not.toContain('send > deadline passes');
  expect(names.filter((name) => name.startsWith('@sleep'))).toEqual([]);
});

it('a body that goes on when a step fails: what cannot be tried is said', async () => {
  const report = await tryAll('fallback', [a, b, c], async (run) => {
    await run.step(a, 1);
    await run.step(b, 1).catch(() => run.step(c, 1));
  });
  expect(skipped(report)).toEqual(
    ['a > undo runs twice', 'a > undo fails, then works', 'a > undo meets an outage'].concat(
      'b > undone first, then it arrives',
      'b > undo runs twice',
      'b > undo fails, then works',
      'b > undo meets an outage',
    ),
  );
});
