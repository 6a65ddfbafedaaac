export { redisStore } from './redis-store.js';
export type { RedisConnection, RedisStoreOptions } from './options.js';
export type { WaitOptions } from './wait.js';
