export { defineConfig } from './config.js';
export type { Config } from './config.js';
export type { Io } from './io.js';
export { main } from './main.js';
