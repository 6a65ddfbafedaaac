import { describe, expect, it } from 'vitest';
import { Lab, outcome, started } from './lab.fixture.js';
import { supervisorChild } from './supervisor.js';

describe('supervisors below supervisors', () => {
  it('SV-08: two levels that allow 10 and 3 restarts give up after 44 starts', async () => {
    const lab = new Lab();
    let starts = 0;
    const crashing = { id: 'w', start: () => ({ ended: (async () => Promise.reject(new Error(`crash ${(starts += 1)}`)))() }) };
    const inner = supervisorChild({ name: 'inner', intensity: 10, children: [crashing] });
    const supervisor = lab.supervisor({ intensity: 3, children: [inner] });
    const ended = outcome(supervisor.ended);
    await supervisor.start();
    const error = await ended;
    expect(starts).toBe(44);
    expect(error).toMatchObject({ supervisor: 'top', child: 'inner', cause: { supervisor: 'top/inner', child: 'w' } });
  });

  it('a supervisor below is stopped with its children, in reverse and with the time that they need', async () => {
    const lab = new Lab();
    const slow = lab.child('b', { obeys: false, shutdownMs: 60_000 });
    const { supervisor, first } = await started(lab, {
      children: [supervisorChild({ name: 'inner', children: [lab.child('a'), slow] }), lab.child('c')],
    });
    expect(first).toBe('+a +b +c');
    const stopped = supervisor.stop();
    await lab.clock.advance(59_999);
    expect(lab.news()).toBe('-c -b');
    await lab.finish('b');
    await stopped;
    expect(lab.news()).toBe('-a');
  });
});
