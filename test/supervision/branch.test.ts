import { createEnvironment, createSupervisor, RestartLimitError } from '@redress/core';
import type { ChildSpec } from '@redress/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingServer } from '../../packages/redis/src/server.fixture.js';
import { closeBranches, openBranch, Place, Tellers } from './branch.js';
import type { Kind } from './branch.js';
import { storm } from './storm.js';

const missing = missingServer();
const LIMIT = { timeout: 30_000 };
const FULL = process.env['REDRESS_TESTS'] === 'full';
const ONLY_FULL = 'only with REDRESS_TESTS=full';

describe.each(['sqlite', 'redis'] as const)('three processes on %s', { timeout: FULL ? 600_000 : 120_000 }, (kind: Kind) => {
  let place: Place;
  beforeEach(async (test) => {
    if (kind === 'redis' && missing !== undefined) test.skip(missing);
    place = await Place.make(kind);
  });
  afterEach(async () => {
    closeBranches();
    await place?.remove();
  });

  it('come back to three when all are killed at once, again and again, and never are more', async () => {
    const rounds = FULL ? 12 : kind === 'sqlite' ? 2 : 1;
    const report = await storm(place, { rounds, acts: ['all'], seed: 1 });
    expect(report).toMatchObject({ rounds, problems: [], most: 3, restarts: rounds * 3 });
  });

  it('come back from kills, stops and kills in the middle of a start', async (test) => {
    if (!FULL) test.skip(ONLY_FULL);
    const report = await storm(place, { rounds: 12, acts: ['one', 'pause', 'at-start', 'two'], seed: 2 });
    expect(report).toMatchObject({ rounds: 12, problems: [], most: 3 });
  });

  it('that crash without an end are given up after as many restarts as are allowed, and none is left', async (test) => {
    if (kind === 'redis' && !FULL) test.skip(ONLY_FULL);
    const tellers = new Tellers();
    const supervisor = createSupervisor({
      ...{ name: 'branch', store: place.store, intensity: 4, periodMs: 60_000 },
      children: [{ id: 'teller', count: 3, start: tellers.start(place) }],
    });
    const ended = supervisor.ended.catch((error: unknown) => error);
    await supervisor.start();
    // Whoever comes back is killed as well.
    const killer = setInterval(() => tellers.alive.forEach((child) => child.kill('SIGKILL')), 5);
    const error = await ended;
    clearInterval(killer);
    expect(error).toBeInstanceOf(RestartLimitError);
    expect(tellers.started).toHaveLength(3 + 4);
    expect([tellers.most, place.living()]).toEqual([3, []]);
  });

  it('SV-13: one that was taken for dead, could not be ended and wakes up is refused by the store, and ends', async () => {
    const tellers = new Tellers();
    const environment = createEnvironment();
    const names: string[] = [];
    environment.events.on('*', ({ name }) => names.push(name));
    const start = tellers.start(place);
    // No signal and no question reaches the first one any more.
    const remote: ChildSpec['start'] = async (context) => {
      const running = await start(context);
      if (context.generation > 1) return { ...running, ping: () => true };
      return { ended: running.ended, ping: (signal) => running.ping?.(signal) };
    };
    const supervisor = createSupervisor({
      ...{ name: 'abroad', environment, store: place.store, intensity: 9 },
      children: [{ id: 'remote', start: remote, shutdownMs: 50, health: { periodMs: 100, timeoutMs: 300, failureThreshold: 2 } }],
    });
    const ended = supervisor.ended.catch(() => {});
    await supervisor.start();
    const [first] = tellers.started;
    first?.kill('SIGSTOP');
    await expect.poll(() => supervisor.children()[0], LIMIT).toMatchObject({ generation: 2, state: 'running' });
    expect(names).toContain('child.abandoned');
    first?.kill('SIGCONT');
    await expect.poll(() => first?.exitCode, LIMIT).toBe(75);
    expect(place.told()).toContainEqual(expect.stringMatching(/^fenced remote 1 /));
    expect(supervisor.children()).toMatchObject([{ generation: 2, state: 'running' }]);
    await supervisor.stop();
    await ended;
    expect(await place.overlaps('supervised/abroad/remote')).toEqual([]);
  });

  it('end with a supervisor that is killed with -9, and there are three again when it is started anew', async (test) => {
    // The next one holds it as well.
    if (!FULL) test.skip(ONLY_FULL);
    const first = await openBranch(place);
    const before = place.living();
    expect(before).toHaveLength(3);
    first.process.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');
    const second = await openBranch(place);
    await expect.poll(() => place.living().filter((pid) => before.includes(pid)), LIMIT).toEqual([]);
    expect(place.living()).toHaveLength(3);
    second.process.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(place.living()).toEqual([]);
    for (const id of ['a', 'b', 'c']) expect(await place.overlaps(`supervised/branch/${id}`)).toEqual([]);
  });

  it('of a killed supervisor that are stopped, and hear of nothing, are refused when they wake up beside their successors', async (test) => {
    if (kind === 'sqlite' && !FULL) test.skip(ONLY_FULL);
    const first = await openBranch(place, 'deaf-a');
    await expect.poll(() => place.told().length, LIMIT).toBe(3);
    const orphan = Number(/^began a 1 (\d+)$/.exec(place.told()[0] ?? '')?.[1]);
    process.kill(orphan, 'SIGSTOP');
    first.process.kill('SIGKILL');
    await first.ended;
    const second = await openBranch(place);
    expect(place.living()).toContain(orphan);
    process.kill(orphan, 'SIGCONT');
    await expect.poll(() => place.told(), LIMIT).toContain(`fenced a 1 ${orphan}`);
    await expect.poll(() => place.living(), LIMIT).toHaveLength(3);
    second.process.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    for (const id of ['a', 'b', 'c']) expect(await place.overlaps(`supervised/branch/${id}`)).toEqual([]);
  });

  it('end in reverse order, each in good order, when their supervisor is told to by SIGTERM', async (test) => {
    if (kind === 'redis' && !FULL) test.skip(ONLY_FULL);
    const branch = await openBranch(place);
    branch.process.kill('SIGTERM');
    expect(await branch.ended).toBe(0);
    expect(branch.err()).toBe('');
    const words = place.told().map((line) => line.split(' ').slice(0, 2).join(' '));
    expect(words).toEqual(['began a', 'began b', 'began c', 'stopped c', 'stopped b', 'stopped a']);
    expect(place.living()).toEqual([]);
  });
});
