import { describe, expect, it } from 'vitest';
import type { ChildSpec, RunningChild } from './child.js';
import { Lab } from './lab.fixture.js';

async function watched(health: ChildSpec['health'], running: Partial<RunningChild> = {}) {
  const lab = new Lab();
  const supervisor = lab.supervisor({ children: [lab.child('a', { ...(health === undefined ? {} : { health }), running })] });
  await supervisor.start();
  lab.news();
  return { lab, supervisor };
}

describe('health checks', () => {
  it('FD-03: one lost ping in ten is a suspicion, and no restart', async () => {
    let asked = 0;
    const { lab } = await watched({ periodMs: 1_000 }, { ping: () => (asked += 1) % 10 !== 0 });
    await lab.clock.advance(100_000);
    expect(asked).toBe(100);
    expect(lab.news()).toBe('');
    expect(lab.events.filter((name) => name === 'child.suspected a')).toHaveLength(10);
  });

  it('three lost in a row are a death: the child is stopped and started anew', async () => {
    let well = true;
    const { lab } = await watched({ periodMs: 1_000, timeoutMs: 100 }, { ping: () => (well ? true : new Promise(() => {})) });
    await lab.clock.advance(5_000);
    well = false;
    await lab.clock.advance(2_000 + 200);
    expect(lab.news()).toBe('');
    await lab.clock.advance(1_100);
    expect(lab.news()).toBe('-a +a');
    expect(lab.events).toContain('child.failed a');
  });

  it('tells the check that nobody waits for its answer any more', async () => {
    let signal: AbortSignal | undefined;
    const { lab } = await watched({ periodMs: 1_000, timeoutMs: 100 }, { ping: (given) => ((signal = given), new Promise(() => {})) });
    await lab.clock.advance(1_099);
    expect(signal?.aborted).toBe(false);
    await lab.clock.advance(1);
    expect(signal?.aborted).toBe(true);
  });

  it('FD-04: the direct ping fails, one of three indirect ones answers: alive', async () => {
    const fails = (): never => {
      throw new Error('no way');
    };
    const direct = { periodMs: 1_000, check: fails };
    const alive = await watched({ ...direct, indirect: [fails, async () => 'pong', () => new Promise(() => {})] });
    await alive.lab.clock.advance(10_000);
    expect(alive.lab.news()).toBe('');
    expect(alive.lab.events).not.toContain('child.suspected a');
    const dead = await watched({ ...direct, indirect: [fails, fails, () => false] });
    await dead.lab.clock.advance(4_000);
    expect(dead.lab.news()).toBe('-a +a');
  });

  it('are made each 10 s, with three lost ones a death, of whoever has a ping, unless that is switched off', async () => {
    const lost = { ping: () => false };
    const { lab } = await watched(undefined, lost);
    await lab.clock.advance(29_999);
    expect(lab.news()).toBe('');
    await lab.clock.advance(1);
    expect(lab.news()).toBe('-a +a');
    const off = await watched(false, lost);
    await off.lab.clock.advance(100_000);
    expect(off.lab.news()).toBe('');
  });

  it('end with the life that they watch, and keep no timer', async () => {
    const { lab, supervisor } = await watched({ periodMs: 1_000 }, { ping: () => new Promise(() => {}) });
    await lab.clock.advance(1_500);
    await supervisor.stop();
    expect(lab.clock.timers.size).toBe(0);
  });

  it('that have nothing to ask say so', async () => {
    const { lab, supervisor } = await watched({});
    const ended = supervisor.ended.catch((error: unknown) => error);
    await lab.clock.rest();
    expect(await ended).toMatchObject({ code: 'RESTART_LIMIT', cause: { code: 'CONFIG_INVALID' } });
  });
});

describe('heart-beats', () => {
  async function beating() {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('a', { heartbeat: { heartbeatMs: 1_000 } })] });
    await supervisor.start();
    lab.news();
    return { lab, supervisor };
  }

  it('that go on keep a child; when they stay away it is taken for dead', async () => {
    const { lab } = await beating();
    for (let i = 0; i < 20; i++) {
      await lab.clock.advance(1_000);
      lab.lives.get('a')?.context.beat();
    }
    expect(lab.news()).toBe('');
    await lab.clock.advance(4_000);
    expect(lab.news()).toBe('');
    await lab.clock.advance(2_000);
    expect(lab.news()).toBe('-a +a');
  });

  it('one that is missing is forgiven', async () => {
    const { lab } = await beating();
    for (let i = 0; i < 60; i++) {
      await lab.clock.advance(1_000);
      if (i % 10 !== 0) lab.lives.get('a')?.context.beat();
    }
    expect(lab.news()).toBe('');
  });

  it('an observer that was held up itself accuses nobody', async () => {
    const { lab } = await beating();
    await lab.clock.advance(500);
    lab.clock.at += 60_000;
    await lab.clock.advance(0);
    lab.lives.get('a')?.context.beat();
    await lab.clock.advance(3_000);
    expect(lab.news()).toBe('');
  });

  it('of a life that was abandoned are answered by ending it once more', async () => {
    const lab = new Lab();
    const child = lab.child('a', { obeys: false, shutdownMs: 1_000, heartbeat: {} });
    const supervisor = lab.supervisor({ children: [child] });
    await supervisor.start();
    const first = lab.lives.get('a');
    first?.context.fail(new Error('stuck'));
    await lab.clock.advance(1_000);
    expect(lab.news()).toBe('+a -a +a');
    first?.context.beat();
    await lab.clock.rest();
    expect(lab.news()).toBe('-a');
    expect(lab.events).toContain('child.fenced a');
    expect(supervisor.children()).toEqual([{ id: 'a', state: 'running', ready: true, generation: 2 }]);
  });
});
