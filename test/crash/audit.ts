import { History } from './journal.js';
import type { Lane, RunId } from './lane.js';
import { ENDINGS } from './scenarios.mjs';
import { STORES } from './stores.mjs';
import { openWorld } from './world.mjs';

interface Row {
  readonly run: string;
  readonly op: string;
  readonly what?: string;
  readonly key: string;
}

/** What is wrong with the runs of a lane, one sentence each, after everything has ended. */
export async function audit(lane: Lane): Promise<readonly string[]> {
  const world = openWorld(`${lane.place}.world.db`);
  const store = STORES[lane.store]?.(lane.place);
  if (!store) throw new Error(`There is no store ${lane.store}.`);
  const effects = groupByRun(world.effects() as Row[]);
  const asked = groupByRun(world.asked() as Row[]);
  const problems: string[] = [];
  for (const one of lane.runs) {
    const loaded = await store.load(`${one.scenario}/${one.run}`);
    if (!loaded) continue;
    const history = History.read(loaded.entries);
    const found = problemsOf(one, loaded.head.status, history, effects.get(one.run) ?? [], asked.get(one.run) ?? []);
    problems.push(...found.map((problem) => `${one.run}: ${problem}`));
  }
  await store.close();
  world.close();
  return problems;
}

function problemsOf({ scenario }: RunId, status: string, history: History, effects: readonly Row[], asked: readonly Row[]): string[] {
  const ending = ENDINGS[scenario] ?? { status: 'known', effects: [] };
  const left = effects.map(({ op }) => op).toSorted();
  const keys = new Map<string, Set<string>>();
  for (const { op, what, key } of asked) {
    const name = `${what} ${op}${key.endsWith('/late') ? ' late' : ''}`;
    keys.set(name, (keys.get(name) ?? new Set()).add(key));
  }
  const changed = [...keys].filter(([, set]) => set.size !== 1).map(([name]) => name);
  const unintended = asked.filter(({ what, key }) => what === 'act' && !history.keys.has(key));
  return [
    ...(status === ending.status ? [] : [`it is ${status} instead of ${ending.status}`]),
    ...(left.join() === ending.effects.join() ? [] : [`it leaves ${left.join()} instead of ${ending.effects.join()}`]),
    ...(history.undone.join() === history.toUndo.join() ? [] : [`undone ${history.undone.join()} instead of ${history.toUndo.join()}`]),
    ...(changed.length === 0 ? [] : [`the key of ${changed.join()} changed`]),
    ...(unintended.length === 0 ? [] : [`${unintended.map(({ key }) => key).join()} was called without an intent`]),
  ];
}

function groupByRun(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.run, [...(groups.get(row.run) ?? []), row]);
  return groups;
}
