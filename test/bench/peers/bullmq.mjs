// BullMQ on Redis, in the three ways that its documents give for work of several steps. None of them knows undo: an undo is a
// job (or a state of the job) that follows a refusal.
// Settings: one worker whose concurrency is the number of sagas at a time; connections as "Going to production" has them
// (maxRetriesPerRequest null for the worker); auto-pipelining of the client off, for on it was half as fast; finished jobs are
// removed, which its documents advise. Who waits is told by the worker's own `completed`, after the job's end was written, without QueueEvents.
import { FlowProducer, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { act, isRefused, orderOf, STEPS, undo } from '../contenders/order.mjs';

const QUEUE = 'orders';
const stepAfter = (name) => STEPS[STEPS.indexOf(name) + 1];
const stepBefore = (name) => STEPS[STEPS.indexOf(name) - 1];

/** A job for each step: the processor adds the next one before its own ends, so nothing is lost between them. */
const steps = {
  start: ({ queue }, order) => queue.add(STEPS[0], order),
  async process({ name, data: order }, { queue }) {
    if (name.startsWith('undo-')) {
      const step = name.slice(5);
      await undo(step, order);
      const before = stepBefore(step);
      if (!before) return 'undone';
      await queue.add(`undo-${before}`, order);
      return undefined;
    }
    if (isRefused(name, order)) {
      await queue.add(`undo-${stepBefore(name)}`, order);
      return undefined;
    }
    await act(name, order);
    const next = stepAfter(name);
    if (!next) return 'done';
    await queue.add(next, order);
    return undefined;
  },
};

/** A flow: each step is the child of the next one; the undos are a second flow. */
const flow = {
  start: ({ flows }, order) => flows.add(chainOf(STEPS, order)),
  async process({ name, data: order }, { flows }) {
    if (name.startsWith('undo-')) {
      await undo(name.slice(5), order);
      return name === `undo-${STEPS[0]}` ? 'undone' : undefined;
    }
    if (isRefused(name, order)) {
      const undos = STEPS.slice(0, STEPS.indexOf(name)).toReversed();
      await flows.add(chainOf(undos, order, 'undo-'));
      return undefined;
    }
    await act(name, order);
    return name === STEPS.at(-1) ? 'done' : undefined;
  },
};

function chainOf(names, order, prefix = '') {
  let node;
  for (const name of names) node = { name: `${prefix}${name}`, queueName: QUEUE, data: order, ...(node ? { children: [node] } : {}) };
  return node;
}

/** One job that writes down after each step where it is ("Process Step Jobs"). */
const job = {
  start: ({ queue }, order) => queue.add('place', { order, at: STEPS[0] }),
  async process(one) {
    const { order } = one.data;
    let { at } = one.data;
    const move = async (to) => {
      at = to;
      if (to !== undefined) await one.updateData({ order, at: to });
    };
    while (at !== undefined && !at.startsWith('undo-')) {
      if (isRefused(at, order)) await move(`undo-${stepBefore(at)}`);
      else {
        await act(at, order);
        await move(stepAfter(at));
      }
    }
    if (at === undefined) return 'done';
    while (at !== undefined) {
      const step = at.slice(5);
      await undo(step, order);
      const before = stepBefore(step);
      await move(before && `undo-${before}`);
    }
    return 'undone';
  },
};

const WAYS = { steps, flow, job };

export async function open({ port, durability, way }) {
  const connection = () => new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, enableAutoPipelining: false });
  const removed = { removeOnComplete: { count: 0 }, removeOnFail: { count: 0 } };
  const given = { queue: new Queue(QUEUE, { connection: connection(), defaultJobOptions: removed }) };
  given.flows = new FlowProducer({ connection: connection() });
  const waiting = new Map();
  const worker = new Worker(QUEUE, (one) => WAYS[way].process(one, given), { connection: connection(), concurrency: 1, ...removed });
  worker.on('error', (error) => console.error(error));
  worker.on('failed', (one, error) => console.error(error));
  worker.on('completed', ({ data }, ended) => {
    if (ended === undefined || ended === null) return;
    const { id } = data.order ?? data;
    waiting.get(id)?.(ended);
    waiting.delete(id);
  });
  await worker.waitUntilReady();
  return {
    durability,
    async prepare(width) {
      worker.concurrency = width;
    },
    async one(i, variant) {
      const order = orderOf(variant, i);
      const ended = new Promise((resolve) => waiting.set(order.id, resolve));
      await WAYS[way].start(given, order);
      return ended;
    },
    async close() {
      await worker.close();
      await given.flows.close();
      await given.queue.close();
    },
  };
}
