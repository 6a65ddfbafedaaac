// Who takes part in `npm run bench -- sagas`. `needs`: a Redis server with that appendfsync, `postgres`, a `file`, or the `shape`
// of our sagas (commits and bytes by variant).
const redis = (key, title, module, appendfsync, settings = {}) => ({ key, title, module, appendfsync, settings });
const bullmq = (key, title, appendfsync, way) => ({ ...redis(key, title, './peers/bullmq.mjs', appendfsync, { way }), peer: true });
const openWorkflow = (kind) => ({ key: `openworkflow-${kind}`, module: './peers/openworkflow.mjs', settings: { kind }, peer: true });
const effect = (kind) => ({ key: `effect-${kind}`, module: './peers/effect.mjs', settings: { kind }, peer: true });

export const CONTENDERS = [
  { key: 'floor', title: 'list of steps in memory', module: './contenders/floor.mjs' },
  { key: 'memory', title: 'Redress, memory', module: './contenders/ours.mjs', settings: { store: 'memory' } },
  { key: 'sqlite', title: 'Redress, SQLite', module: './contenders/ours.mjs', settings: { store: 'sqlite' }, file: true },
  redis('redis', 'Redress, Redis everysec', './contenders/ours.mjs', 'everysec', { store: 'redis' }),
  redis('redis-always', 'Redress, Redis always', './contenders/ours.mjs', 'always', { store: 'redis' }),
  { key: 'raw-sqlite', title: 'limit: raw SQLite commits', module: './contenders/raw-sqlite.mjs', file: true },
  redis('bare', 'limit: bare ioredis, everysec', './contenders/bare-redis.mjs', 'everysec', { autoPipelining: false }),
  redis('bare-auto', 'the same, auto-pipelining', './contenders/bare-redis.mjs', 'everysec', { autoPipelining: true }),
  redis('bare-always', 'limit: bare ioredis, always', './contenders/bare-redis.mjs', 'always', { autoPipelining: false }),
  redis('bare-always-auto', 'the same, auto-pipelining', './contenders/bare-redis.mjs', 'always', { autoPipelining: true }),
  bullmq('bullmq-steps', 'BullMQ, a job per step', 'everysec', 'steps'),
  bullmq('bullmq-flow', 'BullMQ, a flow', 'everysec', 'flow'),
  bullmq('bullmq-job', 'BullMQ, one job, its state', 'everysec', 'job'),
  bullmq('bullmq-steps-always', 'BullMQ, a job per step, always', 'always', 'steps'),
  bullmq('bullmq-flow-always', 'BullMQ, a flow, always', 'always', 'flow'),
  { key: 'dbos', title: 'DBOS, PostgreSQL', module: './peers/dbos.mjs', peer: true, postgres: true },
  { ...openWorkflow('postgres'), title: 'OpenWorkflow, PostgreSQL', postgres: true },
  { ...openWorkflow('sqlite'), title: 'OpenWorkflow, SQLite', file: true },
  { ...effect('memory'), title: 'Effect workflow, memory' },
  { ...effect('postgres'), title: 'Effect workflow, PostgreSQL', postgres: true, keepsGoing: true },
  { key: 'restate', title: 'Restate, its server', module: './peers/restate.mjs', peer: true, folder: true },
];
