// OpenWorkflow on PostgreSQL or SQLite: steps in a workflow, and undo steps in its `catch`, as its documents have it.
// Settings: a worker whose concurrency is the number of sagas at a time, and 20 connections (50 were not better); a refused step is not
// retried. Its worker looks for runs every 100 to 1000 ms while it found none, and `result()` asks once a second; neither can be
// set. So that the second does not count, who waits is told in this process as soon as the end of the run has been written.
import { OpenWorkflow } from 'openworkflow';
import { actOrRefuse, orderOf, STEPS, undo } from '../contenders/order.mjs';

const CONNECTIONS = 20;
const once = { maximumAttempts: 1 };

async function backendOf({ kind, url, file }) {
  if (kind === 'sqlite') {
    const { BackendSqlite } = await import('openworkflow/sqlite');
    return BackendSqlite.connect(file);
  }
  const { BackendPostgres } = await import('openworkflow/postgres');
  return BackendPostgres.connect(`${url}?max=${CONNECTIONS}`);
}

async function placeOrder({ input: order, step }) {
  const done = [];
  try {
    for (const name of STEPS) {
      await step.run({ name, retryPolicy: once }, () => actOrRefuse(name, order));
      done.push(name);
    }
    return 'done';
  } catch (error) {
    // What is not a failed step is a signal of the engine's own.
    if (error.name !== 'StepError') throw error;
    for (const name of done.toReversed()) await step.run({ name: `undo-${name}` }, () => undo(name, order));
    return 'undone';
  }
}

export async function open(settings) {
  const backend = await backendOf(settings);
  const waiting = new Map();
  const ended = new Map();
  const complete = backend.completeWorkflowRun.bind(backend);
  backend.completeWorkflowRun = async (params) => {
    const run = await complete(params);
    const tell = waiting.get(params.workflowRunId);
    if (tell) tell(params.output);
    else ended.set(params.workflowRunId, params.output);
    return run;
  };
  const client = new OpenWorkflow({ backend });
  const place = client.defineWorkflow({ name: 'place-order' }, placeOrder);
  let [worker, concurrency] = [undefined, 0];
  return {
    durability: 'host',
    note: settings.kind === 'postgres' ? `${CONNECTIONS} connections` : undefined,
    async prepare(width) {
      if (width === concurrency) return;
      await worker?.stop();
      concurrency = width;
      worker = client.newWorker({ concurrency });
      await worker.start();
    },
    async one(i, variant) {
      const order = orderOf(variant, i);
      const { workflowRun } = await place.run(order, { idempotencyKey: order.id });
      const { id } = workflowRun;
      const outcome = ended.has(id) ? ended.get(id) : await new Promise((resolve) => waiting.set(id, resolve));
      waiting.delete(id);
      ended.delete(id);
      return outcome;
    },
    async close() {
      await worker?.stop();
      await backend.stop();
    },
  };
}
