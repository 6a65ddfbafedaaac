import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SagaNotFoundError } from '@redress/core';
import type { Command } from 'commander';
import { exported } from '../history.js';
import type { Io } from '../io.js';
import { inSession, onStore } from '../session.js';
import type { Common } from '../session.js';
import { findTarget, nameOf, targetsOf } from '../target.js';

export function addExport(program: Command, io: Io): void {
  onStore(program.command('export').description('writes the whole history of runs, one JSON object a line, for "redress replay"'))
    .argument('<run...>', '<saga>/<id>, an id that only one run has, or - for the lines of the standard input')
    .option('-o, --out <file>', 'into this file')
    .action((names: readonly string[], options: Common & { readonly out?: string }) =>
      inSession(io, options, async ({ admin, store, print }) => {
        const lines: string[] = [];
        for (const name of await targetsOf(io, names)) {
          const target = await findTarget(admin, name);
          const loaded = await store.load(nameOf(target));
          if (!loaded) throw new SagaNotFoundError(target.saga, target.id);
          lines.push(`${JSON.stringify(exported(loaded))}\n`);
        }
        if (options.out === undefined) return lines.forEach((line) => io.out(line));
        writeFileSync(resolve(io.cwd, options.out), lines.join(''));
        print.note(
          `${lines.length === 1 ? '1 run' : `${lines.length} runs`} written to ${options.out}. A history holds what steps were given and answered.`,
        );
      }),
    );
}
