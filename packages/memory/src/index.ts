export { createMemoryDatabase } from './database.js';
export type { MemoryDatabase } from './database.js';
export { memoryStore } from './memory-store.js';
export type { MemoryStoreOptions } from './memory-store.js';
