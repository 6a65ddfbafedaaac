// node worker.mjs '<json>': one of the processes that bring transfers to their end on a store on Redis, whatever becomes of the store.
//   bank, acked: files; store: { url } or { nodes }; transfers: its share; until: ids that all processes wait for;
//   namespace, leaseMs, stepMs, atATime, commandTimeoutMs, ownKeys.
// Says `ended <id>` of its share, `event <name> <id>`, and at last `done`.
import { createRuntime } from '@redress/core';
import { redisStore } from '@redress/redis';
import { Cluster } from 'ioredis';
import { createHash } from 'node:crypto';
import { appendFileSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openBank, transferSaga } from './bank.mjs';

const job = JSON.parse(process.argv[2]);
const say = (line) => writeSync(1, `${line}\n`);

function connect() {
  const { url, nodes } = job.store;
  if (url !== undefined) return { url };
  const client = new Cluster(nodes);
  client.on('error', () => {});
  return { client };
}

/** The same store; what it has acknowledged is written down before anybody hears of it. */
function noted(inner) {
  const store = Object.create(inner);
  for (const verb of ['load', 'claim', 'renew', 'scan', 'drop', 'now', 'close']) store[verb] = (...args) => inner[verb](...args);
  store.commit = async (change) => {
    const commit = await inner.commit(change);
    const lines = change.entries.map(({ key, data }) => `${change.id} ${key} ${createHash('sha1').update(data).digest('hex')}\n`);
    if (lines.length > 0) appendFileSync(job.acked, lines.join(''));
    return commit;
  };
  return store;
}

/** Repeats what an answer of the store may have prevented: the id makes it the same run. */
async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!['STORE_UNAVAILABLE', 'SAGA_OWNERSHIP_LOST', 'SAGA_NOT_FOUND', 'STORE_REGRESSION'].includes(error.code)) throw error;
      await pause(50);
    }
  }
}

const isEnding = (error) => error.code === 'SAGA_COMPENSATED';
const bank = openBank(job.bank);
const connection = connect();
const store = noted(await patiently(() => redisStore(connection, { namespace: job.namespace, commandTimeoutMs: job.commandTimeoutMs })));
const { saga, steps } = transferSaga(bank, job.stepMs, job.ownKeys);
const runtime = createRuntime({ store, sagas: [saga], steps, lease: job.leaseMs, poll: 50 });
const TOLD = ['store.unavailable', 'store.regressed', 'worker.failed', 'lease.unrenewed', 'run.claimed', 'saga.stuck', 'run.left'];
runtime.environment.events.on(
  '*',
  ({ name, id = '', details, error }) =>
    TOLD.includes(name) && say(`event ${name} ${id} ${JSON.stringify(details ?? error?.message ?? '')}`),
);

const rest = job.transfers.values();
const lane = async () => {
  for (const transfer of rest) {
    await patiently(() => runtime.run(saga, [transfer]).catch((error) => isEnding(error) || Promise.reject(error)));
    say(`ended ${transfer.id}`);
  }
};
await Promise.all(Array.from({ length: job.atATime }, lane));
say('placed');
// Whoever ends first goes on with what others leave. A run that the store has lost is its own process's to begin again.
for (const id of job.until) {
  for (;;) {
    const answer = await runtime
      .handle(saga, id)
      .outcome()
      .then(
        () => 'ended',
        (error) => (isEnding(error) ? 'ended' : error),
      );
    if (answer === 'ended' || answer.code === 'SAGA_NOT_FOUND') break;
    if (answer.code !== 'STORE_UNAVAILABLE') throw answer;
  }
}
await runtime.stop();
await store.close();
connection.client?.disconnect();
bank.close();
say('done');
