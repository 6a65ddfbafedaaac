import { describe, expect, it } from 'vitest';
import type { RedressEvent } from '../base/events.js';
import { Lab, started } from './lab.fixture.js';
import { service, task } from './task.js';
import type { Service } from './task.js';

describe('a task', () => {
  it('ends in good order when its function returns, and fails when that throws, at once or later', async () => {
    const ways: readonly (readonly [() => unknown, string])[] = [
      [() => 1, 'child.ended a'],
      [async () => 1, 'child.ended a'],
      [() => failing(), 'child.failed a'],
      [async () => failing(), 'child.failed a'],
    ];
    for (const [run, event] of ways) {
      const lab = new Lab();
      await started(lab, { children: [{ id: 'a', start: task(run), restart: 'temporary' }] });
      await lab.clock.rest();
      expect(lab.events).toContain(event);
    }
  });

  it('is told to end by its signal', async () => {
    const lab = new Lab();
    const run = ({ signal }: { signal: AbortSignal }) => new Promise((resolve) => signal.addEventListener('abort', resolve));
    const { supervisor } = await started(lab, { children: [{ id: 'a', start: task(run) }] });
    await supervisor.stop();
    expect(lab.events).toContain('child.stopped a');
  });
});

describe('a service', () => {
  const open = async (create: () => Service, lab = new Lab()) => ({
    lab,
    ...(await started(lab, { children: [{ id: 'a', start: service(create) }] })),
  });

  it('each life is an object of its own', async () => {
    const made: object[] = [];
    const crash: ((error: Error) => void)[] = [];
    const { lab } = await open(() => {
      const object = { run: () => new Promise((_, reject) => crash.push(reject)) };
      made.push(object);
      return object;
    });
    crash[0]?.(new Error('crash'));
    await lab.clock.rest();
    expect(made).toHaveLength(2);
    expect(made[0]).not.toBe(made[1]);
  });

  it('without a run lives until its stop has answered', async () => {
    let stopped = (): void => {};
    const { lab, supervisor } = await open(() => ({ stop: () => new Promise<void>((resolve) => (stopped = resolve)) }));
    const ending = supervisor.stop();
    await lab.clock.advance(1_000);
    expect(lab.events).not.toContain('child.stopped a');
    stopped();
    await ending;
    expect(lab.events).toContain('child.stopped a');
  });

  it('whose stop throws is abandoned in time, with that error', async () => {
    const { lab, supervisor } = await open(() => ({ stop: () => failing() }));
    const seen: RedressEvent[] = [];
    lab.environment.events.on('child.abandoned', (event) => seen.push(event));
    const ending = supervisor.stop();
    await lab.clock.advance(5_000);
    await ending;
    expect(seen).toMatchObject([{ id: 'top', error: { message: 'on purpose' }, details: { child: 'a', generation: 1 } }]);
  });
});

function failing(): never {
  throw new Error('on purpose');
}
