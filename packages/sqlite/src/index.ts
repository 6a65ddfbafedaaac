export type { DriverName } from './driver/driver.js';
export { sqliteStore } from './sqlite-store.js';
export type { SqliteStoreOptions } from './options.js';
