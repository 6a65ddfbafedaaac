import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { lostIn, unnoticed } from './audit.js';
import type { Lost } from './audit.js';
import { FULL, LEASE_MS, leaveOut, MINUTE_MS, play } from './scene.js';
import type { Scene } from './scene.js';

const EVERY_SECOND = { appendonly: 'yes', appendfsync: 'everysec' };
const MORE = true;
/** Shorter than the lease, and longer. */
const PAUSES_MS = [0.4 * LEASE_MS, 2.5 * LEASE_MS];

describe('transfers on a Redis server, with a fault in their middle', { timeout: 3 * MINUTE_MS }, () => {
  it('lose nothing that was answered when the server is killed again and again, and syncs always', async (test) => {
    leaveOut(test);
    const problems = await play('kill -9, always', { transfers: FULL ? 600 : 160 }, async ({ server, crew }) => {
      for (let kill = 0; kill < (FULL ? 12 : 2); kill += 1) {
        await server.kill();
        await pause(PAUSES_MS[kill % 2]);
        await server.up();
        await pause(500);
      }
      expect(crew.told('store.unavailable')).toBeGreaterThan(0);
    });
    expect(problems).toEqual([]);
  });

  it('lose at most what no write to a file was begun for when the server is killed and syncs every second', async (test) => {
    leaveOut(test, MORE);
    const problems = await play('kill -9, everysec', { settings: EVERY_SECOND, work: { ownKeys: true } }, (scene) => crash(scene, 0));
    expect(problems).toEqual([]);
  });

  it('lose a tail with the host of a server that syncs every second, and their owners write it again', async (test) => {
    leaveOut(test);
    const problems = await play('lost tail, owners alive', { settings: EVERY_SECOND }, async (scene) => {
      const lost = await crash(scene, 20_000);
      // Nobody has begun anything since the wire was cut.
      const before = new Set(scene.crew.ended);
      expect(lost.size).toBeGreaterThan(0);
      await scene.crew.done();
      expect(unnoticed(lost, scene.crew, before)).toEqual([]);
      return lost;
    });
    expect(problems).toEqual([]);
  });

  it('conserve the money when all who knew of a lost tail are dead', async (test) => {
    leaveOut(test, MORE);
    const problems = await play('lost tail, owners dead', { settings: EVERY_SECOND, work: { ownKeys: true } }, async (scene) => {
      await scene.crew.kill();
      const lost = await crash(scene, 20_000);
      expect(lost.size).toBeGreaterThan(0);
      scene.crew.start();
      return lost;
    });
    expect(problems).toEqual([]);
  });

  it('strand no more than the effects of runs whose first entry was lost, when those who knew of them are dead', async (test) => {
    leaveOut(test, MORE);
    // Keys that come from the run are other ones when it is begun anew.
    const allow = (problem: string, lost: Lost): boolean =>
      /^-?\d+ cents are still in transit$/.test(problem) || lost.get(`transfer/${problem.split(':')[0]}`)?.includes('started') === true;
    const problems = await play('lost tail, keys of runs', { settings: EVERY_SECOND, allow }, async (scene) => {
      await scene.crew.kill();
      const lost = await crash(scene, 20_000);
      expect([...lost.values()].some((keys) => !keys.includes('started'))).toBe(true);
      scene.crew.start();
      return lost;
    });
    expect(problems).toEqual([]);
  });

  it('go on when the server forgets its scripts again and again', async (test) => {
    leaveOut(test, MORE);
    const problems = await play('SCRIPT FLUSH', {}, async ({ server }) => {
      for (let flush = 0; flush < 60; flush += 1) {
        await server.command('SCRIPT', 'FLUSH');
        await pause(20);
      }
    });
    expect(problems).toEqual([]);
  });

  it.for(PAUSES_MS)('wait for memory when there is none for %i ms', async (ms, test) => {
    leaveOut(test, MORE);
    const problems = await play(`no memory for ${ms} ms`, {}, async ({ server, crew }) => {
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      await pause(ms);
      await server.command('CONFIG', 'SET', 'maxmemory', '0');
      expect(crew.told('store.unavailable')).toBeGreaterThan(0);
    });
    expect(problems).toEqual([]);
  });

  it.for(PAUSES_MS)('wait while their master is a read-only replica for %i ms', async (ms, test) => {
    leaveOut(test, MORE);
    const problems = await play(`read-only for ${ms} ms`, {}, async ({ server, crew }) => {
      await server.command('REPLICAOF', '127.0.0.1', '1');
      await pause(ms);
      await server.command('REPLICAOF', 'NO', 'ONE');
      expect(crew.told('store.unavailable')).toBeGreaterThan(0);
    });
    expect(problems).toEqual([]);
  });

  it.for(PAUSES_MS)('survive a server that is stopped for %i ms, and wakes with what was sent meanwhile', async (ms, test) => {
    leaveOut(test, MORE);
    const problems = await play(`SIGSTOP for ${ms} ms`, {}, async ({ server }) => {
      for (let stop = 0; stop < 2; stop += 1) {
        server.pause();
        await pause(ms);
        server.resume();
        await pause(300);
      }
    });
    expect(problems).toEqual([]);
  });

  it.for(PAUSES_MS)('survive a server that is busy for %i ms', async (ms, test) => {
    leaveOut(test, MORE);
    const problems = await play(`DEBUG SLEEP for ${ms} ms`, {}, async ({ server }) => {
      for (let stop = 0; stop < 2; stop += 1) {
        await server.command('DEBUG', 'SLEEP', `${ms / 1_000}`);
        await pause(300);
      }
    });
    expect(problems).toEqual([]);
  });
});

/** The server dies and comes back without the last bytes; what it lost of what it had answered is seen before anybody writes again. */
async function crash({ onWires, server, crew, look }: Scene, bytes: number): Promise<Lost> {
  onWires((wire) => wire.refuse());
  await server.kill();
  if (bytes > 0) await server.loseTail(bytes);
  await server.up();
  const lost = await look((store) => lostIn(store, crew));
  const entries = [...lost.values()].flat().length;
  process.stdout.write(`${bytes} bytes cut off: ${entries} answered entries of ${lost.size} runs are lost\n`);
  onWires((wire) => wire.pass());
  return lost;
}
