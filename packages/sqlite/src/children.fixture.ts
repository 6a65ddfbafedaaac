import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export interface Child extends ChildProcessWithoutNullStreams {
  readonly ended: Promise<number | null>;
}

/** Other processes, which run `child.fixture.ts` on one file. */
export interface Children {
  /** To be called once. What they run is what is in this folder now, bundled: no build of the packages has to be there. */
  prepare(): Promise<void>;
  start(task: string, name?: string, count?: number): Child;
  /** Kills those that are left. */
  end(): void;
  remove(): Promise<void>;
}

export function childProcesses(file: () => string): Children {
  const bundles = fileURLToPath(new URL(`../node_modules/.bundle-${process.pid}-${Math.random().toString(36).slice(2)}/`, import.meta.url));
  const children: ChildProcessWithoutNullStreams[] = [];
  return {
    async prepare() {
      await build({
        configFile: false,
        logLevel: 'error',
        ssr: { noExternal: true, resolve: { conditions: ['mono-source', 'module', 'node', 'import', 'default'] } },
        build: { ssr: fileURLToPath(new URL('child.fixture.ts', import.meta.url)), outDir: bundles, target: 'node20', minify: false },
      });
    },
    start(task, name = '', count = 0) {
      const child = spawn(process.execPath, [join(bundles, 'child.fixture.js'), task, file(), name, String(count)]);
      child.stderr.pipe(process.stderr);
      children.push(child);
      return Object.assign(child, { ended: new Promise<number | null>((resolve) => child.once('close', resolve)) });
    },
    end() {
      for (const child of children.splice(0)) child.kill('SIGKILL');
    },
    remove: () => rm(bundles, { recursive: true, force: true }),
  };
}

export function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve) => createInterface(child.stdout).once('line', resolve));
}
