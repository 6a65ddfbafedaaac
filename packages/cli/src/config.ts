import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Runtime, Store } from '@redress/core';
import { checkLintConfig, loadLintConfig } from '@redress/lint';
import type { LintConfig, RedressConfig } from '@redress/lint';
import { createJiti } from 'jiti';
import { UsageError } from './exit.js';
import type { Io } from './io.js';

/** What `redress.config.ts` exports by default. All of it is optional. */
export interface Config extends RedressConfig {
  /** Where the journal is: `sqlite:<file>`, `redis://…` or `redis-cluster://…`; `--store` and REDRESS_STORE go before it. */
  readonly store?: string;
  /** Default: `default`. */
  readonly namespace?: string;
  /**
   * Builds the app over another store, without a worker of its own: `(store) => redress({ container, store, worker: false })`.
   * `replay` and `graph` need it; neither of them lets it run a step.
   */
  readonly app?: (store: Store) => Promise<Runtime> | Runtime;
}

/** Gives a configuration its type. */
export function defineConfig(config: Config): Config {
  return config;
}

export interface LoadedConfig {
  readonly config: Config;
  /** Undefined: there is none. */
  readonly file: string | undefined;
}

const NAMES = ['ts', 'mts', 'js', 'mjs'].map((ending) => `redress.config.${ending}`);
const KEYS: Readonly<Record<keyof Config, readonly string[]>> = {
  store: ['string'],
  namespace: ['string'],
  app: ['function'],
  lint: ['object'],
};

/** The part for the lint, of this folder: also of `redress.config.json` and of package.json. @throws LintUsageError, UsageError */
export async function lintConfigOf(io: Io, named: string | undefined): Promise<LintConfig> {
  const name = named ?? NAMES.find((one) => existsSync(join(io.cwd, one)));
  if (name === undefined || name.endsWith('.json')) return loadLintConfig(io.cwd, name);
  return checkLintConfig((await loadConfig(io, name)).config, name);
}

/** The file named, or the nearest `redress.config.*` above the working folder. @throws UsageError when it cannot be read. */
export async function loadConfig(io: Io, named: string | undefined): Promise<LoadedConfig> {
  const file = named === undefined ? nearest(io.cwd) : resolve(io.cwd, named);
  if (file === undefined) return { config: {}, file };
  if (!existsSync(file)) throw new UsageError(`--config ${named}: there is no such file.`);
  const loaded = await load(file);
  if (typeof loaded !== 'object' || loaded === null)
    throw new UsageError(`${file} exports no configuration: export default defineConfig({ … }) from @redress/cli.`);
  for (const [key, value] of Object.entries(loaded)) {
    const types = KEYS[key as keyof Config] as readonly string[] | undefined;
    if (!types) throw new UsageError(`${file}: "${key}" is not known; there are ${Object.keys(KEYS).join(', ')}.`);
    if (!types.includes(typeof value)) throw new UsageError(`${file}: "${key}" must be a ${types.join(' or ')}.`);
  }
  return { config: loaded as Config, file };
}

function nearest(folder: string): string | undefined {
  const found = NAMES.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined || dirname(folder) === folder) return found;
  return nearest(dirname(folder));
}

async function load(file: string): Promise<unknown> {
  // Legacy decorators with their metadata are what services under tsyringe are written in.
  const jiti = createJiti(file, { interopDefault: true, fsCache: false, moduleCache: true });
  try {
    return await jiti.import(file, { default: true });
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}
