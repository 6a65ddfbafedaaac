import { describe, expect, it } from 'vitest';
import type { ReadinessOptions, RunningChild } from './child.js';
import { Lab } from './lab.fixture.js';

async function asked(readiness: ReadinessOptions | false | undefined, running: Partial<RunningChild> = {}) {
  const lab = new Lab();
  const supervisor = lab.supervisor({
    intensity: 9,
    children: [lab.child('a', { ...(readiness === undefined ? {} : { readiness }), running })],
  });
  await supervisor.start();
  const seen = (): string[] => lab.events.filter((name) => name.includes('ready')).map((name) => name.split(' ')[0] as string);
  const ready = (): boolean | undefined => supervisor.children()[0]?.ready;
  return { lab, supervisor, seen, ready };
}

describe('readiness', () => {
  it('of a child that is not asked is that it runs', async () => {
    const { lab, ready, supervisor, seen } = await asked(undefined);
    expect(ready()).toBe(true);
    await lab.crash('a');
    expect([ready(), seen()]).toEqual([true, []]);
    await supervisor.stop();
    expect(ready()).toBe(false);
    const never = await asked(false, { ready: () => false });
    expect(never.ready()).toBe(true);
  });

  it('comes when the child says so, goes after three lost checks, and never ends a life', async () => {
    let says = (): unknown => false;
    const { lab, ready, seen } = await asked({ periodMs: 1_000, timeoutMs: 100 }, { ready: () => says() });
    lab.news();
    expect(ready()).toBe(false);
    await lab.clock.advance(10_000);
    expect(ready()).toBe(false);
    says = () => true;
    await lab.clock.advance(1_000);
    expect([ready(), seen()]).toEqual([true, ['child.ready']]);
    for (const answer of [() => false, () => new Promise(() => {}), () => Promise.reject(new Error('away'))]) {
      says = answer;
      expect(ready()).toBe(true);
      await lab.clock.advance(1_100);
    }
    expect([ready(), seen()]).toEqual([false, ['child.ready', 'child.unready']]);
    await lab.clock.advance(600_000);
    expect(lab.news()).toBe('');
    expect(lab.events).not.toContain('child.suspected a');
  });

  it('is not lost by fewer lost checks in a row, nor won by fewer good ones than were asked for', async () => {
    const answers = [true, true, false, false, true, false, false, true];
    let i = 0;
    const check = (): boolean => answers[i++] ?? true;
    const { lab, seen } = await asked({ periodMs: 1_000, successThreshold: 2, check });
    expect(seen()).toEqual([]);
    await lab.clock.advance(60_000);
    expect(seen()).toEqual(['child.ready']);
  });

  it('belongs to one life: the next one has to say so itself, and an old check is not heard any more', async () => {
    const checks: ((ready: boolean) => void)[] = [];
    const { lab, ready } = await asked(
      { periodMs: 1_000, timeoutMs: 60_000 },
      { ready: () => new Promise((resolve) => checks.push(resolve)) },
    );
    await lab.crash('a');
    expect([checks.length, ready()]).toEqual([2, false]);
    checks[0]?.(true);
    await lab.clock.rest();
    expect(ready()).toBe(false);
    checks[1]?.(true);
    await lab.clock.rest();
    expect(ready()).toBe(true);
    lab.lives.get('a')?.context.fail(new Error('the disk is gone'));
    expect(ready()).toBe(false);
  });

  it('without anything to ask is said to be a mistake, and nothing is left running when it is stopped', async () => {
    const wrong = await asked({});
    const ended = wrong.supervisor.ended.catch((error: unknown) => error);
    await wrong.lab.clock.rest();
    expect(await ended).toMatchObject({ code: 'RESTART_LIMIT', cause: { code: 'CONFIG_INVALID' } });
    expect(((await ended) as Error).message).toContain('child a, readiness: It has no ready, and no check is given.');
    const { lab, supervisor } = await asked({ periodMs: 1_000 }, { ready: () => true });
    await lab.clock.advance(1_500);
    await supervisor.stop();
    expect(lab.clock.timers.size).toBe(0);
  });
});
