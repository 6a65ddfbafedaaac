import { describe, expect, it } from 'vitest';
import { Lab } from './lab.fixture.js';

const ids = (supervisor: { children(): readonly { id: string }[] }): string =>
  supervisor
    .children()
    .map(({ id }) => id)
    .join(' ');

describe('a group of equal children', () => {
  it('SV-09: desired 3, one fails, and whatever asks for a reconcile meanwhile: exactly one is spawned', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('w', { count: 3 })] });
    await supervisor.start();
    expect(lab.news()).toBe('+w.1 +w.2 +w.3');
    lab.lives.get('w.2')?.crash();
    await Promise.all([supervisor.scale('w', 3), supervisor.scale('w', 3), lab.clock.rest()]);
    expect(lab.news()).toBe('+w.2');
    expect([lab.living, lab.mostLiving]).toEqual([3, 3]);
  });

  it('SV-10: desired 3, actual 4: one is stopped, the newest that is idle', async () => {
    const lab = new Lab();
    const busy = new Set(['w.4']);
    const child = lab.child('w', { count: 2 });
    const start: typeof child.start = async (context) => ({ ...(await child.start(context)), busy: () => busy.has(context.id) });
    const supervisor = lab.supervisor({ children: [lab.child('a'), { ...child, start }, lab.child('z')] });
    await supervisor.start();
    await lab.clock.advance(10);
    await supervisor.scale('w', 3);
    await lab.clock.advance(10);
    await supervisor.scale('w', 4);
    lab.news();
    await supervisor.scale('w', 3);
    expect(lab.news()).toBe('-w.3');
    expect(ids(supervisor)).toBe('a w.1 w.2 w.4 z');
    await supervisor.scale('w', 4);
    expect(lab.news()).toBe('+w.3');
  });

  it('SV-11: a spawn takes 30 s and everybody asks each 10 s: the one that is starting counts, one is spawned', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('w', { count: 3, startsIn: 30_000 })] });
    const start = supervisor.start();
    await lab.clock.advance(90_000);
    await start;
    lab.news();
    await lab.crash('w.1');
    const asked: Promise<void>[] = [];
    for (let i = 0; i < 3; i++) {
      asked.push(supervisor.scale('w', 3));
      expect(supervisor.children().filter(({ state }) => state === 'starting')).toHaveLength(1);
      await lab.clock.advance(10_000);
    }
    await Promise.all(asked);
    expect(lab.news()).toBe('+w.1');
    expect(lab.mostLiving).toBe(3);
  });

  it('whoever asks meanwhile, the next child is not started before the one before it is ready', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('a', { startsIn: 100 }), lab.child('w', { count: 1 })] });
    void supervisor.start();
    await lab.clock.advance(50);
    void supervisor.scale('w', 2);
    await lab.clock.advance(49);
    expect(lab.news()).toBe('');
    await lab.clock.advance(1);
    expect(lab.news()).toBe('+a +w.1 +w.2');
  });

  it('stands in the order of its spec, also when it was empty', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('a'), lab.child('w', { count: 0 }), lab.child('z')] });
    await supervisor.start();
    await supervisor.scale('w', 2);
    expect(ids(supervisor)).toBe('a w.1 w.2 z');
    await supervisor.scale('w', 0);
    expect(ids(supervisor)).toBe('a z');
    lab.news();
    await supervisor.stop();
    expect(lab.news()).toBe('-z -a');
  });

  it('of temporary members, one that ended is not replaced', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('w', { count: 3, restart: 'temporary' })] });
    await supervisor.start();
    await lab.crash('w.2');
    expect(ids(supervisor)).toBe('w.1 w.3');
    await supervisor.scale('w', 3);
    expect(ids(supervisor)).toBe('w.1 w.3 w.2');
  });

  it('refuses a group or a number that there is not', async () => {
    const lab = new Lab();
    const supervisor = lab.supervisor({ children: [lab.child('a'), lab.child('w', { count: 1 })] });
    await expect(supervisor.scale('a', 2)).rejects.toThrow('no such group');
    await expect(supervisor.scale('w', 1.5)).rejects.toThrow('1.5 is no number of members');
  });
});
