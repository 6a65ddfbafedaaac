import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../base/errors.js';
import { RestartLimitError } from './errors.js';
import { Lab, outcome, started } from './lab.fixture.js';
import { createSupervisor } from './supervisor.js';

describe('a supervisor', () => {
  it('starts its children in order, and stops them in reverse', async () => {
    const lab = new Lab();
    const { supervisor, ended, first } = await started(lab, { children: ['a', 'b', 'c'].map((id) => lab.child(id)) });
    expect(first).toBe('+a +b +c');
    await supervisor.stop();
    expect(lab.news()).toBe('-c -b -a');
    expect(await ended).toBe('fulfilled');
    expect(lab.clock.timers.size).toBe(0);
    expect(supervisor.children().map(({ state }) => state)).toEqual(['ended', 'ended', 'ended']);
  });

  it('SV-01: one-for-one starts only the child that failed', async () => {
    const lab = new Lab();
    await started(lab, { children: ['a', 'b', 'c'].map((id) => lab.child(id)) });
    await lab.crash('b');
    expect(lab.news()).toBe('+b');
  });

  it('SV-02: rest-for-one stops those started later in reverse, and starts the failed one and them in order', async () => {
    const lab = new Lab();
    await started(lab, { strategy: 'rest-for-one', children: ['a', 'b', 'c', 'd'].map((id) => lab.child(id)) });
    await lab.crash('b');
    expect(lab.news()).toBe('-d -c +b +c +d');
  });

  it('one-for-all stops all in reverse, and starts all in order', async () => {
    const lab = new Lab();
    await started(lab, { strategy: 'one-for-all', children: ['a', 'b', 'c'].map((id) => lab.child(id)) });
    await lab.crash('b');
    expect(lab.news()).toBe('-c -a +a +b +c');
  });

  it('SV-03: a temporary child that a failing sibling stopped is not started again', async () => {
    const lab = new Lab();
    const children = [lab.child('a'), lab.child('t', { restart: 'temporary' }), lab.child('b')];
    const { supervisor } = await started(lab, { strategy: 'one-for-all', children });
    await lab.crash('b');
    expect(lab.news()).toBe('-t -a +a +b');
    expect(supervisor.children().map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it.each([
    ['permanent', '+a', '+a'],
    ['transient', '+a', ''],
    ['temporary', '', ''],
  ] as const)('a %s child is started again after a failure: "%s"; after a good end: "%s"', async (restart, failed, finished) => {
    for (const [how, expected] of [
      ['crash', failed],
      ['finish', finished],
    ] as const) {
      const lab = new Lab();
      await started(lab, { children: [lab.child('a', { restart })] });
      await lab[how]('a');
      expect(lab.news()).toBe(expected);
    }
  });

  it('a transient child that had ended well is started again with its siblings, as in OTP', async () => {
    const lab = new Lab();
    await started(lab, { strategy: 'one-for-all', children: [lab.child('a'), lab.child('t', { restart: 'transient' })] });
    await lab.finish('t');
    expect(lab.news()).toBe('');
    await lab.crash('a');
    expect(lab.news()).toBe('+a +t');
  });

  it('SV-04: at one restart too many it stops all in reverse, and says with which failure', async () => {
    const lab = new Lab();
    const { ended } = await started(lab, { intensity: 1, periodMs: 5_000, children: ['a', 'b', 'c'].map((id) => lab.child(id)) });
    await lab.crash('b');
    await lab.clock.advance(4_000);
    expect(lab.news()).toBe('+b');
    const last = new Error('the last one');
    lab.lives.get('b')?.crash(last);
    const error = await ended;
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(error).toMatchObject({ code: 'RESTART_LIMIT', cause: last, supervisor: 'top', child: 'b' });
    expect(lab.news()).toBe('-c -a');
    expect(lab.events.at(-1)).toBe('supervisor.exhausted');
  });

  it('SV-04: failures further apart than the period never are too many', async () => {
    const lab = new Lab();
    await started(lab, { intensity: 1, periodMs: 5_000, children: [lab.child('a')] });
    for (let i = 0; i < 5; i++) {
      await lab.clock.advance(5_001);
      await lab.crash('a');
    }
    expect(lab.news()).toBe('+a +a +a +a +a');
  });

  it('the failure of a temporary child, and the good end of a transient one, use up no restarts', async () => {
    const lab = new Lab();
    const children = [lab.child('a', { restart: 'temporary' }), lab.child('b', { restart: 'transient' }), lab.child('c')];
    await started(lab, { intensity: 1, children });
    await lab.crash('a');
    await lab.finish('b');
    await lab.crash('c');
    expect(lab.news()).toBe('+c');
  });

  it('SV-07: a child that ignores its stop is abandoned after shutdownMs, with an event, and the next one is stopped', async () => {
    const lab = new Lab();
    const children = [lab.child('a'), lab.child('b', { obeys: false, shutdownMs: 5_000 })];
    const { supervisor, ended } = await started(lab, { children });
    const stopped = supervisor.stop();
    await lab.clock.advance(4_999);
    expect(lab.news()).toBe('-b');
    await lab.clock.advance(1);
    await stopped;
    expect(lab.news()).toBe('-a');
    expect(lab.events).toContain('child.abandoned b');
    expect(await ended).toBe('fulfilled');
    expect(lab.clock.timers.size).toBe(0);
  });

  it('kills a child that does not stop in time, and at once with shutdownMs 0', async () => {
    for (const shutdownMs of [0, 3_000]) {
      const lab = new Lab();
      const kill = (): void => {
        lab.diary.push('x');
        lab.lives.get('a')?.crash();
      };
      const { supervisor } = await started(lab, { children: [lab.child('a', { obeys: false, shutdownMs, running: { kill } })] });
      const stopped = supervisor.stop();
      await lab.clock.advance(2_999);
      expect(lab.news()).toBe(shutdownMs ? '-a' : 'x');
      await lab.clock.advance(1);
      await stopped;
      expect(lab.events).toContain('child.killed a');
    }
  });

  it('says what ended the first start, and stops those that were started before', async () => {
    const lab = new Lab();
    lab.broken.set('c', 1);
    const supervisor = lab.supervisor({ intensity: 9, children: ['a', 'b', 'c', 'd'].map((id) => lab.child(id)) });
    await expect(supervisor.start()).rejects.toThrow('c does not start');
    expect(lab.news()).toBe('+a +b !c -b -a');
    await expect(supervisor.ended).rejects.toThrow('c does not start');
  });

  it('a restart that fails is one more restart', async () => {
    const lab = new Lab();
    const { ended } = await started(lab, { intensity: 3, children: [lab.child('a')] });
    lab.broken.set('a', 2);
    await lab.crash('a');
    expect(lab.news()).toBe('!a !a +a');
    lab.broken.set('a', 1);
    await lab.crash('a');
    expect(await ended).toBeInstanceOf(RestartLimitError);
  });

  it('in a group restart, a start that fails begins the group anew from there', async () => {
    const lab = new Lab();
    await started(lab, { strategy: 'rest-for-one', children: ['a', 'b', 'c'].map((id) => lab.child(id)) });
    lab.broken.set('b', 1);
    await lab.crash('a');
    expect(lab.news()).toBe('-c -b +a !b +b +c');
  });

  it('pauses longer before each restart in a row, and from the beginning after a long life', async () => {
    const lab = new Lab();
    await started(lab, { backoff: { minMs: 100, maxMs: 300, jitter: 0 }, children: [lab.child('a'), lab.child('b')] });
    for (const pause of [100, 200, 300, 300]) {
      await lab.crash('a');
      await lab.clock.advance(pause - 1);
      expect(lab.news()).toBe('');
      await lab.clock.advance(1);
      expect(lab.news()).toBe('+a');
    }
    await lab.clock.advance(300);
    await lab.crash('a');
    await lab.crash('b');
    await lab.clock.advance(100);
    expect(lab.news()).toBe('+a +b');
  });

  it('one-for-all ends all at once, and starts all when the pause of the failed one is over', async () => {
    const lab = new Lab();
    const children = ['a', 'b', 'c'].map((id) => lab.child(id));
    await started(lab, { strategy: 'one-for-all', backoff: { jitter: 0 }, children });
    await lab.crash('b');
    await lab.clock.advance(99);
    expect(lab.news()).toBe('-c -a');
    await lab.clock.advance(1);
    expect(lab.news()).toBe('+a +b +c');
  });

  it('can be stopped in a pause, and nothing is left of it', async () => {
    const lab = new Lab();
    const { supervisor } = await started(lab, { backoff: {}, children: [lab.child('a')] });
    await lab.crash('a');
    expect(lab.clock.timers.size).toBe(1);
    await supervisor.stop();
    expect(lab.clock.timers.size).toBe(0);
    await lab.clock.advance(60_000);
    expect(lab.news()).toBe('');
  });

  it('can be stopped while a child starts, and that child is stopped when it is ready after all', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('a'), lab.child('b', { startsIn: 7_000, shutdownMs: 5_000 })] });
    void supervisor.start();
    await lab.clock.rest();
    const stopped = supervisor.stop();
    await lab.clock.advance(5_000);
    await stopped;
    expect(lab.news()).toBe('+a -a');
    await lab.clock.advance(2_000);
    expect(lab.news()).toBe('+b -b');
    expect(lab.clock.timers.size).toBe(0);
  });

  it('gives up a start that takes longer than startMs', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('a', { startsIn: 9_000, startMs: 2_000, shutdownMs: 1_000 })] });
    const start = outcome(supervisor.start());
    await lab.clock.advance(3_000);
    expect(await start).toMatchObject({ code: 'CHILD_START_TIMEOUT' });
    await lab.clock.advance(6_000);
    expect(lab.news()).toBe('+a -a');
  });

  it('a child can say itself that it has failed: it is stopped and started anew', async () => {
    const lab = new Lab();
    await started(lab, { children: [lab.child('a')] });
    lab.lives.get('a')?.context.fail(new Error('the disk is gone'));
    await lab.clock.rest();
    expect(lab.news()).toBe('-a +a');
    expect(lab.lives.get('a')?.context.generation).toBe(2);
  });

  it('one that fails while its siblings are stopped for another one is no second restart', async () => {
    const lab = new Lab();
    const children = [lab.child('a'), lab.child('b'), lab.child('c', { obeys: false, shutdownMs: 1_000 })];
    const { supervisor } = await started(lab, { strategy: 'one-for-all', intensity: 1, children });
    await lab.crash('a');
    await lab.crash('b');
    await lab.clock.advance(1_000);
    expect(lab.news()).toBe('-c +a +b +c');
    expect(lab.events.filter((name) => name.startsWith('child.failed'))).toEqual(['child.failed a', 'child.failed b']);
    expect(supervisor.children().map(({ state, generation }) => [state, generation])).toEqual(Array(3).fill(['running', 2]));
  });

  it('a group that is started anew is started whole before the next failure is met', async () => {
    const lab = new Lab();
    const children = [lab.child('a'), lab.child('b', { startsIn: 100 }), lab.child('c')];
    const supervisor = lab.supervisor({ strategy: 'rest-for-one', intensity: 9, children });
    void supervisor.start();
    await lab.clock.advance(100);
    lab.news();
    await lab.crash('a');
    await lab.crash('a');
    expect(lab.news()).toBe('-c -b +a');
    await lab.clock.advance(200);
    expect(lab.news()).toBe('+b +c -c -b +a +b +c');
  });

  it('tells what happens, by stable names', async () => {
    const lab = new Lab();
    const { supervisor } = await started(lab, { children: [lab.child('a'), lab.child('t', { restart: 'transient' })] });
    await lab.crash('a');
    await lab.finish('t');
    await supervisor.stop();
    expect(lab.events).toEqual([
      ...['child.started a', 'child.started t', 'supervisor.started', 'child.failed a', 'child.restarted a'],
      ...['child.ended t', 'child.stopped a', 'supervisor.stopped'],
    ]);
  });

  it('refuses what does not fit, before anything is started', () => {
    const start = (): never => {
      throw new Error('started');
    };
    expect(() =>
      createSupervisor({
        name: 'top',
        children: [
          { id: 'a', start },
          { id: 'a', start },
        ],
      }),
    ).toThrow(/Two .* called "a"/);
    expect(() => createSupervisor({ name: 'top', intensity: -1, children: [] })).toThrow(ConfigurationError);
    expect(() => createSupervisor({ name: 'top', children: [{ id: 'a b', start }] })).toThrow(/child a b, id/);
    expect(() => createSupervisor({ name: 'top', children: [{ id: 'a', start, shutdownMs: -1 }] })).toThrow(/shutdownMs/);
  });
});
