import type { Command } from 'commander';
import { lookAtStore } from '../doctor/journal.js';
import type { Finding } from '../doctor/finding.js';
import { lookAtNode, lookAtProject } from '../doctor/project.js';
import { EXIT, UsageError } from '../exit.js';
import type { Io } from '../io.js';
import { Print } from '../print.js';
import { onStore, placeOf } from '../session.js';
import type { Common } from '../session.js';
import { oneLine } from '../table.js';

const SIGNS = { ok: '✔', warning: '!', problem: '✘' } as const;

export function addDoctor(program: Command, io: Io, end: (code: number) => void): void {
  onStore(program.command('doctor').description('looks at the project and at the store; exit code 1 when something is wrong')).action(
    async (options: Common) => {
      const print = new Print(io, options.json);
      const findings: Finding[] = [];
      const tell = (some: readonly Finding[]): void => {
        findings.push(...some);
        for (const finding of some) show(print, finding);
      };
      tell([lookAtNode(process.version)]);
      tell(lookAtProject(io.cwd));
      const place = await placeOf(io, options).catch((error: unknown) => {
        if (error instanceof UsageError && options.config === undefined) return undefined;
        throw error;
      });
      if (place) tell(await lookAtStore(place.place, io.cwd, place.namespace, () => io.now()));
      else if (!print.isJson) print.note('No store was looked at: give --store, or set `store` in redress.config.ts.');
      const count = (level: Finding['level']): number => findings.filter((one) => one.level === level).length;
      if (!print.isJson) print.note(`${count('problem')} problems, ${count('warning')} warnings`);
      end(count('problem') === 0 ? EXIT.ok : EXIT.negative);
    },
  );
}

function show(print: Print, finding: Finding): void {
  if (print.isJson) return print.record('finding', finding);
  const { level, about, says, remedy } = finding;
  const { colors } = print;
  const sign = { ok: colors.green, warning: colors.yellow, problem: colors.red }[level](SIGNS[level]);
  print.line(`${sign} ${oneLine(about)}: ${oneLine(says)}`);
  if (remedy !== undefined) print.line(`    ${remedy}`);
}
