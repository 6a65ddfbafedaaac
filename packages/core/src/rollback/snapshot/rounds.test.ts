import { describe, expect, it } from 'vitest';
import { chance } from '../line/executions.fixture.js';
import { ColourRound } from './colours.js';
import { MarkerRound } from './markers.js';

const RUNS = 4_000;
const EACH = 100;

interface World {
  readonly random: () => number;
  readonly ids: readonly string[];
  readonly balances: Map<string, number>;
  below(limit: number): number;
}

function world(seed: number, count = 4): World {
  const random = chance(seed);
  const ids = Array.from({ length: count }, (_, i) => `P${i}`);
  return { random, ids, balances: new Map(ids.map((id) => [id, EACH])), below: (limit) => Math.floor(random() * limit) };
}

/** Money moves over logs, one for each direction, while a snapshot is taken. `window`: from how far ahead a log is read. Answers its total. */
function byMarkers(
  seed: number,
  options: { readonly duplicates?: number; readonly deduplicate?: boolean; readonly window?: number } = {},
): number {
  const { duplicates = 0, deduplicate = true, window = 1 } = options;
  const { random, ids, balances, below } = world(seed);
  const others = (id: string): readonly string[] => ids.filter((one) => one !== id);
  type Item = { readonly n: number; readonly amount: number } | 'marker';
  const logs = new Map(ids.flatMap((from) => others(from).map((to) => [`${from}>${to}`, []] as [string, Item[]])));
  const read = new Map<string, number>([...logs.keys()].map((key) => [key, 0]));
  const seen = new Set<string>();
  const rounds = new Map(ids.map((id) => [id, new MarkerRound(others(id), true)]));
  const recorded = new Map<string, number>();
  let n = 0;
  const record = (id: string): void => {
    rounds.get(id)?.record(Object.fromEntries(others(id).map((from) => [from, read.get(`${from}>${id}`) as number])));
    recorded.set(id, balances.get(id) as number);
    for (const to of others(id)) logs.get(`${id}>${to}`)?.push('marker');
  };
  const pay = (from: string): void => {
    const [to, amount] = [others(from)[below(ids.length - 1)] as string, 1 + below(10)];
    balances.set(from, (balances.get(from) as number) - amount);
    const item = { n: (n += 1), amount };
    const log = logs.get(`${from}>${to}`) as Item[];
    log.push(item);
    if (random() < duplicates) log.push(item);
  };
  const deliver = (key: string): void => {
    const log = logs.get(key) as Item[];
    const position = read.get(key) as number;
    const ahead = Math.min(position + below(window), log.length - 1);
    // A transport that reorders: a later one is taken first.
    if (ahead > position) log.splice(position, 0, ...log.splice(ahead, 1));
    const item = log[position];
    if (item === undefined) return;
    const [from, to] = key.split('>') as [string, string];
    if (item === 'marker') {
      const round = rounds.get(to) as MarkerRound;
      if (!round.isRecorded) record(to);
      round.close(from, position);
    } else if (!deduplicate || !seen.has(`${key} ${item.n}`)) {
      seen.add(`${key} ${item.n}`);
      balances.set(to, (balances.get(to) as number) + item.amount);
    }
    read.set(key, position + 1);
  };
  const beginAt = below(40);
  for (let step = 0; step < 60; step++) {
    if (step === beginAt) record(ids[below(ids.length)] as string);
    if (random() < 0.5) pay(ids[below(ids.length)] as string);
    else deliver([...logs.keys()][below(logs.size)] as string);
  }
  for (let more = true; more;) {
    more = false;
    for (const [key, log] of logs) {
      if ((read.get(key) as number) >= log.length) continue;
      deliver(key);
      more = true;
    }
  }
  let total = [...recorded.values()].reduce((a, b) => a + b, 0);
  for (const id of ids) {
    const round = rounds.get(id) as MarkerRound;
    expect(round.isComplete).toBe(true);
    for (const [from, range] of round.ranges) {
      const items = (logs.get(`${from}>${id}`) as Item[]).slice(range.from, range.to).filter((item) => item !== 'marker');
      const counted = new Map(items.map((item) => [item.n, item.amount]));
      const known = [...counted].filter(([number]) => !deduplicate || !isBefore(logs.get(`${from}>${id}`) as Item[], number, range.from));
      total += deduplicate ? known.reduce((sum, [, amount]) => sum + amount, 0) : items.reduce((sum, { amount }) => sum + amount, 0);
    }
  }
  return total;

  function isBefore(log: readonly Item[], number: number, position: number): boolean {
    return log.slice(0, position).some((item) => item !== 'marker' && item.n === number);
  }
}

/** The same over a transport that gives any message next, with colours. */
function byColours(seed: number): number {
  const { random, ids, balances, below } = world(seed);
  const others = (id: string): readonly string[] => ids.filter((one) => one !== id);
  const rounds = new Map(ids.map((id) => [id, new ColourRound<number>(others(id))]));
  const of = (id: string): ColourRound<number> => rounds.get(id) as ColourRound<number>;
  const flying: { readonly from: string; readonly to: string; readonly amount: number; readonly colour: number }[] = [];
  const recorded = new Map<string, number>();
  const record = (id: string): void => {
    recorded.set(id, balances.get(id) as number);
    const sent = of(id).record();
    for (const to of others(id)) reports.push({ to, from: id, count: sent.get(to) ?? 0 });
  };
  let reports: { readonly to: string; readonly from: string; readonly count: number }[] = [];
  const take = (): void => {
    const [one] = flying.splice(below(flying.length), 1);
    if (!one) return;
    if (of(one.to).mustRecord(one.colour)) record(one.to);
    of(one.to).deliver(one.from, one.colour, one.amount);
    balances.set(one.to, (balances.get(one.to) as number) + one.amount);
  };
  const snapshot = (): number => {
    recorded.clear();
    reports = [];
    const beginAt = below(40);
    for (let step = 0; step < 60; step++) {
      if (step === beginAt) record(ids[below(ids.length)] as string);
      const from = ids[below(ids.length)] as string;
      if (random() < 0.5) {
        const [to, amount] = [others(from)[below(ids.length - 1)] as string, 1 + below(10)];
        balances.set(from, (balances.get(from) as number) - amount);
        flying.push({ from, to, amount, colour: of(from).send(to) });
      } else take();
    }
    // Who has heard nothing is asked directly.
    for (const id of ids) if (!recorded.has(id)) record(id);
    for (const { to, from, count } of reports) of(to).told(from, count);
    while (!ids.every((id) => of(id).isComplete)) take();
    // Nobody calls it whole as long as something from before is on its way.
    expect(flying.some(({ from, colour }) => colour < of(from).colour)).toBe(false);
    const late = ids.flatMap((id) => of(id).late).reduce((sum, { message }) => sum + message, 0);
    return [...recorded.values()].reduce((a, b) => a + b, 0) + late;
  };
  // One after the other: what the first has left on its way is of an earlier colour in the second.
  const first = snapshot();
  return first === 4 * EACH ? snapshot() : first;
}

const wrong = (take: (seed: number) => number, runs = RUNS): number => {
  let count = 0;
  for (let seed = 0; seed < runs; seed++) if (take(seed) !== 4 * EACH) count += 1;
  return count;
};

describe('snapshots of the global state', () => {
  it(`CL1: over ordered channels the total is right in all of ${RUNS} random runs`, () => {
    expect(wrong((seed) => byMarkers(seed))).toBe(0);
  });

  it('CL1: among reordered messages markers are wrong in most runs, so they are refused there', () => {
    expect(wrong((seed) => byMarkers(seed, { window: 4 }), 500)).toBeGreaterThan(250);
    expect(() => new MarkerRound(['P1'], false)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_UNORDERED' }));
  });

  it(`CL2: without order, colours give the right total in all of ${RUNS} random runs`, () => {
    expect(wrong(byColours)).toBe(0);
  });

  it('CL4: with 5 % duplicates the total is right in all runs; without deduplication it is not', () => {
    expect(wrong((seed) => byMarkers(seed, { duplicates: 0.05 }))).toBe(0);
    expect(wrong((seed) => byMarkers(seed, { duplicates: 0.05, deduplicate: false }), 500)).toBeGreaterThan(125);
  });

  it('CL8: a process without incoming channels is complete when it has recorded', () => {
    const round = new MarkerRound([], true);
    expect(round.isComplete).toBe(false);
    round.record({});
    expect(round.isComplete).toBe(true);
  });
});
