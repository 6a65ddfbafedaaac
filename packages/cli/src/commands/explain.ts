import { catalog, loadRules } from '@redress/lint';
import type { Command } from 'commander';
import { UsageError } from '../exit.js';
import type { Io } from '../io.js';

/** `redress explain <rule>`: the page of a rule. Without one: their names. */
export function addExplain(program: Command, io: Io): void {
  program
    .command('explain')
    .argument('[rule]', 'the id of a rule')
    .description('says why a rule of the lint is there, with a wrong and a right example')
    .action(async (rule?: string) => {
      if (rule === undefined) return io.out(`${catalog.map(({ id }) => id).join('\n')}\n`);
      const page = (await loadRules()).explain(rule);
      if (page === undefined) throw new UsageError(`There is no rule '${rule}' ("redress explain" lists them).`);
      io.out(page);
    });
}
