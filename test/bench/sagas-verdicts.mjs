// What the run says about the targets. All figures of a line are of this run.
import { ratio, whole } from './measure.mjs';

const COMMITS = 4;

export function printVerdicts(print, { results, trips }) {
  const at = (key, width, variant = 'done') => results.get(key)?.[`${width} ${variant}`];
  const verdict = (holds, text) => print(`${holds ? 'holds ' : 'MISSED'}  ${text}`);
  const line = (what, mine, other, target, isMost = false) => {
    if (!mine || !other) return print(`–       ${what}: not measured`);
    const share = mine / other;
    if (target === undefined) return print(`        ${what}: ${ratio(share)}`);
    return verdict(isMost ? share <= target : share >= target, `${what}: ${ratio(share)}, ${isMost ? 'at most' : 'at least'} ${target}`);
  };
  /** The better of the bare clients: each width has the tuning that suits it. */
  const limit = (keys, width) =>
    keys
      .map((key) => ({ key, ...at(key, width) }))
      .filter(({ rate }) => rate)
      .toSorted((a, b) => b.rate - a.rate)[0];
  print('Targets:');
  for (const durability of ['everysec', 'always']) {
    const ours = durability === 'always' ? 'redis-always' : 'redis';
    const bare = durability === 'always' ? ['bare-always', 'bare-always-auto'] : ['bare', 'bare-auto'];
    for (const width of [1, 16, 128]) {
      const best = limit(bare, width);
      const tuning = best ? `, auto-pipelining ${best.key.endsWith('auto') ? 'on' : 'off'}: ${whole(best.rate)}/s` : '';
      line(
        `Redis ${durability} of the bare client at ${width}${tuning}`,
        at(ours, width)?.rate,
        best?.rate,
        width === 128 ? 0.6 : undefined,
      );
    }
    const best = limit(bare, 1);
    line(`Redis ${durability}: p50 at 1 beside ${COMMITS} bare round trips`, at(ours, 1)?.p50, best?.p50, 1.3, true);
  }
  line('Redis everysec beside BullMQ, a job per step, everysec, at 128', at('redis', 128)?.rate, at('bullmq-steps', 128)?.rate, 4);
  line(
    'Redis always beside BullMQ, a job per step, always, at 128',
    at('redis-always', 128)?.rate,
    at('bullmq-steps-always', 128)?.rate,
    4,
  );
  // The fastest way of BullMQ has no target, and is said all the same.
  for (const [key, way] of [
    ['bullmq-flow', 'a flow'],
    ['bullmq-job', 'one job that keeps its state'],
  ])
    line(`Redis everysec beside BullMQ, ${way}, everysec, at 128`, at('redis', 128)?.rate, at(key, 128)?.rate);
  line('Redis everysec beside DBOS on PostgreSQL at 128', at('redis', 128)?.rate, at('dbos', 128)?.rate, 30);
  line('Redis always beside DBOS on PostgreSQL at 128', at('redis-always', 128)?.rate, at('dbos', 128)?.rate, 30);
  for (const width of [1, 16, 128])
    line(`SQLite of raw grouped commits ÷ ${COMMITS} at ${width}`, at('sqlite', width)?.rate, at('raw-sqlite', width)?.rate, 0.6);
  for (const { steps, sagas, scripts, verbs } of trips) {
    const { commit, ...others } = verbs;
    const beside = Object.values(others).reduce((sum, n) => sum + n, 0);
    const named = Object.entries(others)
      .filter(([, n]) => n > 0)
      .map(([verb, n]) => `${n} ${verb}`);
    verdict(
      commit === sagas * (steps + 1) && scripts <= commit + beside * 16,
      `${steps} sequential steps: ${ratio(commit / sagas)} commits a saga; ${whole(scripts)} scripts for ${sagas} sagas, ${named.join(', ') || 'no heart-beats or claims'} among them`,
    );
  }
  print();
}
