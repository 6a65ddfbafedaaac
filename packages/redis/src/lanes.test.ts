import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { Lanes } from './lanes.js';
import { Partition } from './layout.js';
import { COMMIT } from './commit-script.js';

it('a store that was closed opens no connection for a commit that comes late', async () => {
  let opened = 0;
  const client = {
    isCluster: false,
    options: {},
    duplicate: () => {
      opened += 1;
      throw new Error('no server');
    },
  };
  const lanes = new Lanes(client as unknown as Redis, { replicas: 1, onDisk: false, timeoutMs: 100 }, 1_000);
  lanes.close();
  const late = lanes.run(COMMIT, new Partition('n', 0), [], []);
  await expect(late).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', cause: { message: 'the store was closed' } });
  expect(opened).toBe(0);
});
