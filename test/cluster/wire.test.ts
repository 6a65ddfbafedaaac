import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Proxy } from '../../packages/redis/src/proxy.fixture.js';
import { seedOfCommit } from '../simulation/seeds.js';
import { FULL, LEASE_MS, leaveOut, MINUTE_MS, play } from './scene.js';
import type { Scene } from './scene.js';

const MORE = true;
const LONGER_MS = 2.5 * LEASE_MS;
const seed = Number(process.env['REDRESS_CLUSTER_SEED'] ?? seedOfCommit());

type Fault = readonly [title: string, fault: (scene: Scene) => Promise<void>];

describe('transfers on a Redis server behind a bad wire', { timeout: 3 * MINUTE_MS }, () => {
  it(`need no more than nine answers of ten (seed ${seed})`, async (test) => {
    leaveOut(test);
    const problems = await play(`10 % of answers lost, seed ${seed}`, { transfers: FULL ? 400 : 90 }, async (scene) => {
      scene.onWires((wire, i) => wire.loseAnswers(0.1, seed + i));
      await scene.reached(0.85);
      scene.onWires((wire) => wire.pass());
      const lost = scene.wires.reduce((sum, wire) => sum + wire.lost, 0);
      expect(lost).toBeGreaterThan(10);
      process.stdout.write(`${lost} answers lost\n`);
    });
    expect(problems).toEqual([]);
  });

  it('survive a black hole that swallows requests and answers for longer than a lease', async (test) => {
    leaveOut(test);
    const problems = await play(
      'black hole',
      {},
      swallowed((wire) => wire.blackHole()),
    );
    expect(problems).toEqual([]);
  });

  it('are not touched by requests of one process that arrive when another has gone on', async (test) => {
    leaveOut(test, MORE);
    // Steps that take a while: what is late meets an owner who has begun, and has not written.
    const problems = await play(
      'late requests',
      { transfers: 240, work: { stepMs: 400, atATime: 20 } },
      async ({ wires: [late], crew }) => {
        const before = crew.told('run.claimed');
        for (let round = 0; round < 3; round += 1) {
          late?.delay(1.2 * LEASE_MS);
          await pause(2 * LEASE_MS);
          late?.pass();
          await pause(500);
        }
        expect(crew.told('run.claimed')).toBeGreaterThan(before);
      },
    );
    expect(problems).toEqual([]);
  });

  const others: readonly Fault[] = [
    ['requests that are swallowed, behind a connection that looks alive', swallowed((wire) => wire.halfOpen('requests'))],
    ['answers that are swallowed, while their requests are obeyed', swallowed((wire) => wire.halfOpen('answers'))],
    [
      'a connection that is cut again and again',
      async ({ onWires }) => {
        for (let cut = 0; cut < 30; cut += 1) {
          onWires((wire) => wire.cut());
          await pause(60);
        }
      },
    ],
    [
      'a slow wire',
      async ({ onWires }) => {
        onWires((wire) => wire.delay(0.15 * LEASE_MS));
        await pause(LONGER_MS);
        onWires((wire) => wire.pass());
      },
    ],
    [
      'a wire that is slower than a lease is long',
      async ({ onWires }) => {
        onWires((wire) => wire.delay(1.2 * LEASE_MS));
        await pause(4 * LEASE_MS);
        onWires((wire) => wire.pass());
      },
    ],
  ];
  it.for(others)('survive %s', async ([title, fault], test) => {
    leaveOut(test, MORE);
    const problems = await play(title, {}, fault);
    expect(problems).toEqual([]);
  });
});

function swallowed(begin: (wire: Proxy) => void): (scene: Scene) => Promise<void> {
  return async (scene) => {
    scene.onWires(begin);
    await pause(LONGER_MS);
    expect(scene.crew.told('store.unavailable')).toBeGreaterThan(0);
    scene.onWires((wire) => wire.pass());
  };
}
