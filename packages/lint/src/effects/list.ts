/** What a call does to the world: changes it, looks at it, or answers something else each time. */
export type EffectKind = 'write' | 'read' | 'random';

/** The calls of one package, by the name that is called last; `*`: all others. `''`: the package itself is called. */
export interface ModuleEffects {
  readonly write?: readonly string[];
  readonly read?: readonly string[];
  readonly random?: readonly string[];
  /** Their first argument is SQL, which says itself what it does. */
  readonly sql?: readonly string[];
  /** Calls with a method among their options, as `fetch` has one; without one they read. */
  readonly http?: readonly string[];
}

const HTTP: ModuleEffects = {
  write: ['post', 'put', 'patch', 'delete', 'del', 'postForm', 'putForm', 'patchForm'],
  read: ['get', 'head', 'options'],
  http: ['', 'request', 'fetch', 'stream'],
};
const SQL: ModuleEffects = {
  sql: ['query', 'execute', 'unsafe', 'batch', 'none', 'one', 'any', 'oneOrNone', 'many', 'manyOrNone', 'result'],
};
const FILES: ModuleEffects = {
  write: [
    ...['writeFile', 'writeFileSync', 'appendFile', 'appendFileSync', 'unlink', 'unlinkSync', 'rm', 'rmSync', 'rename', 'renameSync'],
    ...[
      'mkdir',
      'mkdirSync',
      'copyFile',
      'copyFileSync',
      'cp',
      'cpSync',
      'truncate',
      'truncateSync',
      'symlink',
      'createWriteStream',
      'rmdir',
    ],
  ],
  read: ['readFile', 'readFileSync', 'readdir', 'readdirSync', 'stat', 'statSync', 'access', 'existsSync', 'createReadStream', 'lstat'],
};
const MONGO: ModuleEffects = {
  write: [
    ...['insertOne', 'insertMany', 'updateOne', 'updateMany', 'replaceOne', 'deleteOne', 'deleteMany', 'bulkWrite', 'findOneAndUpdate'],
    ...['findOneAndReplace', 'findOneAndDelete', 'drop', 'save', 'create', 'findByIdAndUpdate', 'findByIdAndDelete'],
  ],
  read: ['find', 'findOne', 'findById', 'aggregate', 'countDocuments', 'distinct', 'estimatedDocumentCount'],
};
const REDIS: ModuleEffects = {
  write: [
    ...[
      'set',
      'setex',
      'setEx',
      'setnx',
      'setNX',
      'del',
      'unlink',
      'incr',
      'incrby',
      'incrBy',
      'decr',
      'decrby',
      'decrBy',
      'hset',
      'hSet',
      'hdel',
    ],
    ...['hDel', 'hincrby', 'hIncrBy', 'lpush', 'lPush', 'rpush', 'rPush', 'lpop', 'lPop', 'rpop', 'rPop', 'sadd', 'sAdd', 'srem', 'sRem'],
    ...[
      'zadd',
      'zAdd',
      'zrem',
      'zRem',
      'expire',
      'xadd',
      'xAdd',
      'publish',
      'mset',
      'mSet',
      'append',
      'getdel',
      'getset',
      'eval',
      'evalsha',
    ],
    ...['flushall', 'flushdb', 'rename', 'persist', 'call', 'sendCommand'],
  ],
  read: ['get', 'mget', 'mGet', 'hget', 'hGet', 'hgetall', 'hGetAll', 'lrange', 'smembers', 'zrange', 'exists', 'ttl', 'scan', 'keys'],
};
const ORM: ModuleEffects = {
  write: [
    ...[
      'save',
      'insert',
      'insertMany',
      'update',
      'upsert',
      'upsertMany',
      'delete',
      'remove',
      'softDelete',
      'softRemove',
      'restore',
      'increment',
    ],
    ...['decrement', 'persistAndFlush', 'removeAndFlush', 'flush', 'nativeInsert', 'nativeUpdate', 'nativeDelete', 'truncate', 'clear'],
  ],
  read: [
    'find',
    'findBy',
    'findOne',
    'findOneBy',
    'findOneOrFail',
    'findOneByOrFail',
    'findAndCount',
    'findAll',
    'count',
    'countBy',
    'exist',
    'exists',
  ],
  sql: ['query', 'execute'],
};
const SEND: ModuleEffects = { write: ['send'] };

/** By package; `@aws-sdk/*` stands for all with this beginning. */
export const MODULES: Readonly<Record<string, ModuleEffects>> = {
  axios: HTTP,
  got: HTTP,
  ky: HTTP,
  superagent: HTTP,
  needle: HTTP,
  undici: HTTP,
  'node-fetch': { http: [''] },
  '@nestjs/axios': HTTP,
  http: { http: ['request'], read: ['get'] },
  https: { http: ['request'], read: ['get'] },
  fs: FILES,
  'fs/promises': FILES,
  'fs-extra': { ...FILES, write: [...(FILES.write ?? []), 'outputFile', 'outputJson', 'writeJson', 'remove', 'move', 'copy'] },
  child_process: { write: ['exec', 'execSync', 'execFile', 'execFileSync', 'spawn', 'spawnSync', 'fork'] },
  net: { write: ['connect', 'createConnection'] },
  pg: SQL,
  'pg-promise': SQL,
  postgres: SQL,
  mysql: SQL,
  mysql2: SQL,
  'mysql2/promise': SQL,
  mssql: SQL,
  'better-sqlite3': { sql: ['exec', 'prepare'] },
  mongodb: MONGO,
  mongoose: MONGO,
  ioredis: REDIS,
  redis: REDIS,
  kysely: { write: ['insertInto', 'replaceInto', 'updateTable', 'deleteFrom', 'mergeInto'], read: ['selectFrom'] },
  knex: {
    write: ['insert', 'update', 'del', 'delete', 'increment', 'decrement', 'truncate', 'upsert'],
    read: ['select', 'first', 'pluck'],
    sql: ['raw'],
  },
  'drizzle-orm': {
    write: ['insert', 'update', 'delete'],
    read: ['select', 'selectDistinct', 'findFirst', 'findMany'],
    sql: ['execute', 'run', 'all'],
  },
  'drizzle-orm/*': {
    write: ['insert', 'update', 'delete'],
    read: ['select', 'selectDistinct', 'findFirst', 'findMany'],
    sql: ['execute', 'run', 'all'],
  },
  '@prisma/client': {
    write: [
      'create',
      'createMany',
      'createManyAndReturn',
      'update',
      'updateMany',
      'upsert',
      'delete',
      'deleteMany',
      '$executeRaw',
      '$executeRawUnsafe',
    ],
    read: [
      'findUnique',
      'findUniqueOrThrow',
      'findFirst',
      'findFirstOrThrow',
      'findMany',
      'count',
      'aggregate',
      'groupBy',
      '$queryRaw',
      '$queryRawUnsafe',
    ],
  },
  typeorm: ORM,
  '@mikro-orm/*': ORM,
  sequelize: { ...ORM, write: [...(ORM.write ?? []), 'create', 'bulkCreate', 'destroy'] },
  '@aws-sdk/*': SEND,
  'aws-sdk': {
    write: ['putItem', 'put', 'deleteItem', 'updateItem', 'putObject', 'deleteObject', 'sendMessage', 'publish', 'invoke', 'sendEmail'],
  },
  stripe: {
    write: [
      'create',
      'update',
      'del',
      'cancel',
      'capture',
      'confirm',
      'refund',
      'pay',
      'void',
      'finalizeInvoice',
      'sendInvoice',
      'reverse',
    ],
    read: ['retrieve', 'list', 'search'],
  },
  nodemailer: { write: ['sendMail'] },
  '@sendgrid/mail': { write: ['send', 'sendMultiple'] },
  twilio: { write: ['create'] },
  kafkajs: { write: ['send', 'sendBatch'] },
  amqplib: { write: ['publish', 'sendToQueue'] },
  'amqplib/*': { write: ['publish', 'sendToQueue'] },
  bullmq: { write: ['add', 'addBulk', 'upsertJobScheduler'] },
  '@google-cloud/*': {
    write: ['publish', 'publishMessage', 'save', 'insert', 'upsert', 'update', 'delete', 'set', 'create', 'createTask'],
  },
  '@elastic/elasticsearch': {
    write: ['index', 'create', 'update', 'delete', 'bulk', 'deleteByQuery', 'updateByQuery'],
    read: ['search', 'get', 'count'],
  },
  nats: { write: ['publish', 'request'] },
  crypto: { random: ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'generateKeyPairSync'] },
  uuid: { random: ['v1', 'v4', 'v6', 'v7', ''] },
  nanoid: { random: ['nanoid'] },
  ulid: { random: ['ulid'] },
  cuid: { random: [''] },
  '@paralleldrive/cuid2': { random: ['createId'] },
  timers: { random: ['setTimeout', 'setInterval', 'setImmediate'] },
  'timers/promises': { random: ['setTimeout', 'setInterval', 'setImmediate'] },
  os: { random: ['hostname', 'uptime', 'freemem', 'loadavg'] },
  perf_hooks: { random: ['now'] },
};

/** Globals, by their whole name. `fetch` reads unless its options say another method. */
export const GLOBALS: Readonly<Record<string, EffectKind | 'http'>> = {
  fetch: 'http',
  'Date.now': 'random',
  Date: 'random',
  'Math.random': 'random',
  'performance.now': 'random',
  'crypto.randomUUID': 'random',
  'crypto.getRandomValues': 'random',
  setTimeout: 'random',
  setInterval: 'random',
  setImmediate: 'random',
  'process.hrtime': 'random',
  'process.hrtime.bigint': 'random',
  'process.uptime': 'random',
  'process.cwd': 'random',
};
