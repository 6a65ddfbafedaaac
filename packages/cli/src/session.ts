import { createRuntime } from '@redress/core';
import type { Admin, Runtime, Store } from '@redress/core';
import type { Command } from 'commander';
import { loadConfig } from './config.js';
import { UsageError } from './exit.js';
import type { Io } from './io.js';
import { Print } from './print.js';
import { openStore } from './store.js';

/** The options that every command has. */
export interface Common {
  readonly store?: string;
  readonly namespace?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** A store, and a runtime over it that drives nothing. */
export interface Session {
  readonly io: Io;
  readonly print: Print;
  readonly store: Store;
  readonly runtime: Runtime;
  readonly admin: Admin;
}

/** Opens the store that was named, works, and closes it. @throws UsageError when none was named. */
export async function inSession(io: Io, options: Common, work: (session: Session) => Promise<void>): Promise<void> {
  const { place, namespace } = await placeOf(io, options);
  const { store, close } = await openStore(place, io.cwd, namespace);
  try {
    const runtime = createRuntime({ store, worker: false });
    await work({ io, store, runtime, admin: runtime.admin, print: new Print(io, options.json) });
    await runtime.stop();
  } finally {
    await close();
  }
}

/** Which store is meant: `--store`, then REDRESS_STORE, then the configuration. @throws UsageError */
export async function placeOf(io: Io, options: Common): Promise<{ readonly place: string; readonly namespace: string | undefined }> {
  const { config } = await loadConfig(io, options.config);
  const place = options.store ?? io.env['REDRESS_STORE'] ?? config.store;
  if (place === undefined)
    throw new UsageError(
      'No store was named. Give --store sqlite:<file> or --store redis://<host>:<port>, or set `store` in redress.config.ts.',
    );
  return { place, namespace: options.namespace ?? config.namespace };
}

/** Adds a command that works on a store. */
export function onStore(command: Command): Command {
  return command
    .option('--store <place>', 'sqlite:<file>, redis://<host>:<port> or redis-cluster://<host>:<port>,… (also REDRESS_STORE)')
    .option('--namespace <name>', 'of the store (default: default)')
    .option('--json', 'one JSON object a line; what is piped is so in any case')
    .option('--no-json', 'for people, also when piped');
}
