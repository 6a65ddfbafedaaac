// DBOS Transact on PostgreSQL: three steps in a workflow, and undo steps in its `catch`, as its documents have it.
// Settings: called directly under an id of its own, which is the fastest way (no queue, no polling for the result); logs only
// errors; a pool of 20 connections for the system database instead of 10 (10 and 50 were slower here).
import { DBOS } from '@dbos-inc/dbos-sdk';
import { actOrRefuse, orderOf, STEPS, undo } from '../contenders/order.mjs';

async function placeOrder(order) {
  const done = [];
  try {
    for (const name of STEPS) {
      await DBOS.runStep(() => actOrRefuse(name, order), { name });
      done.push(name);
    }
    return 'done';
  } catch {
    for (const name of done.toReversed()) await DBOS.runStep(() => undo(name, order), { name: `undo-${name}` });
    return 'undone';
  }
}

export async function open({ url, pool = 20 }) {
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, systemDatabasePoolSize: pool, logLevel: 'error' });
  const place = DBOS.registerWorkflow(placeOrder, { name: 'place-order' });
  await DBOS.launch();
  return {
    durability: 'host',
    note: `pool of ${pool}`,
    one(i, variant) {
      const order = orderOf(variant, i);
      return DBOS.withNextWorkflowID(order.id, () => place(order));
    },
    close: () => DBOS.shutdown(),
  };
}
