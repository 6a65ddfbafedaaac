import { catalog, loadRules } from '@redress/lint';
import type { CommandModule } from '../command.js';
import { EXIT, UsageError } from '../exit.js';

/** `redress explain <rule>`: the page of a rule. Without one: their names. */
export const explainCommand: CommandModule = {
  declare(program, terminal, done) {
    program
      .command('explain')
      .argument('[rule]', 'the id of a rule')
      .description('say why a rule of the lint is there, with a wrong and a right example')
      .action(async (rule?: string) => {
        if (rule === undefined) terminal.out(`${catalog.map(({ id }) => id).join('\n')}\n`);
        else {
          const page = (await loadRules()).explain(rule);
          if (page === undefined) throw new UsageError(`there is no rule '${rule}' (redress explain lists them)`);
          terminal.out(page);
        }
        done(EXIT.clean);
      });
  },
};
