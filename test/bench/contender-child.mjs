// node contender-child.mjs <module> '<json>': one contender in a process of its own. It answers over IPC.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { counted, STEPS } from './contenders/order.mjs';

const [module, settings] = process.argv.slice(2);
const contender = await opened();
let used = 0;

async function opened() {
  try {
    const { open } = await import(new URL(module, import.meta.url));
    return await open(JSON.parse(settings));
  } catch (error) {
    process.send({ error: String(error?.message ?? error) });
    // The parent, who has the reason, ends this process.
    return new Promise(() => {});
  }
}

/** What the variant must have done and undone, so that nobody wins by leaving something out. */
function check(variant, total, before) {
  if (contender.isLimit || !(variant in SHOULD)) return;
  const { done, undone } = SHOULD[variant];
  const found = { done: counted.done - before.done, undone: counted.undone - before.undone };
  if (found.done !== done * total || found.undone !== undone * total)
    throw new Error(`${total} sagas were to do ${done} and undo ${undone} steps each; they did ${found.done} and undid ${found.undone}`);
}
const SHOULD = { done: { done: STEPS.length, undone: 0 }, undone: { done: STEPS.length - 1, undone: STEPS.length - 1 } };

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

async function lanes(total, width, variant) {
  const ms = new Float64Array(total);
  const first = used;
  used += total;
  let next = 0;
  const lane = async () => {
    while (next < total) {
      const i = next++;
      const started = performance.now();
      const ended = await contender.one(first + i, variant);
      if (variant in SHOULD && ended !== variant) throw new Error(`saga ${first + i} ended as ${ended}, not ${variant}`);
      ms[i] = performance.now() - started;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: Math.min(width, total) }, lane));
  const elapsed = performance.now() - started;
  ms.sort();
  return { rate: (total / elapsed) * 1000, p50: at(ms, 0.5), p99: at(ms, 0.99) };
}

async function measured({ total, width, variant, delay }) {
  await contender.prepare?.(width, variant);
  // No forced collection here: it throws compiled code away as well, and a short turn would measure its way back.
  const loop = delay && monitorEventLoopDelay({ resolution: 1 });
  loop?.enable();
  const [before, asked, cpu] = [{ ...counted }, { ...contender.asked }, process.cpuUsage()];
  const found = contender.perSecond ? { rate: await contender.perSecond(total, width, variant) } : await lanes(total, width, variant);
  const { user, system } = process.cpuUsage(cpu);
  if (!contender.perSecond) check(variant, total, before);
  const verbs = Object.fromEntries(Object.entries(contender.asked ?? {}).map(([verb, n]) => [verb, n - asked[verb]]));
  const late = loop && delayOf(loop);
  return { ...found, cpuUs: (user + system) / total, verbs, ...(late ? { delay: late } : {}) };
}

/** In milliseconds; the resolution is a part of what the histogram holds. */
function delayOf(loop) {
  loop.disable();
  const ms = (ns) => Math.max(0, ns / 1e6 - 1);
  return { p50: ms(loop.percentile(50)), p99: ms(loop.percentile(99)), max: ms(loop.max) };
}

async function obey({ ask, told }) {
  try {
    if (ask === 'measure') process.send({ answer: await measured(told) });
    if (ask !== 'close') return;
    await contender.close();
    process.send({ answer: 'closed' }, () => process.exit(0));
  } catch (error) {
    process.send({ error: error?.stack ?? String(error) });
  }
}

process.on('message', (message) => void obey(message));
process.on('disconnect', () => process.exit(0));
const { durability, note } = contender;
process.send({ answer: { durability, note } });
