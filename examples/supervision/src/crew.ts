import { childProcess } from '@redress/core';
import type { ChildSpec } from '@redress/core';
import type { ChildProcess } from 'node:child_process';

/** The processes that were ever started, as the operating system knows them. */
export class Crew {
  readonly processes: ChildProcess[] = [];
  /** Most that were alive at one moment; one that is killed counts until its end was seen. */
  mostAlive = 0;

  teller(file: string, manner = 'honest'): ChildSpec['start'] {
    return childProcess({
      module: new URL('./teller.js', import.meta.url),
      args: [file, manner],
      output: 'ignore',
      onSpawn: (child) => {
        this.processes.push(child);
        this.mostAlive = Math.max(this.mostAlive, this.alive.length);
      },
    });
  }

  get alive(): readonly ChildProcess[] {
    return this.processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
  }

  /** Those that are there although they should not be; asked of the operating system. */
  get left(): readonly number[] {
    return this.processes.flatMap(({ pid }) => (pid !== undefined && exists(pid) ? [pid] : []));
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
