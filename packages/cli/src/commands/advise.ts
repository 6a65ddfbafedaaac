import { chooseTechnique } from '@redress/core';
import type { Advice, OperationProperties } from '@redress/core';
import type { Command } from 'commander';
import { UsageError } from '../exit.js';
import type { Io } from '../io.js';
import { Print } from '../print.js';

type Property = keyof OperationProperties;

/** What is asked, in the order of the decision tree, and of whom: what no answer makes interesting is not asked. */
const QUESTIONS: readonly (readonly [property: Property, question: string, only?: (so: OperationProperties) => boolean])[] = [
  ['transientFaults', 'Does what fails often work when it is tried again?'],
  ['wrongAnswers', 'May answers be wrong, and not only missing?'],
  ['irreversibleOutputs', 'Does something leave the process that cannot be taken back?'],
  ['idempotentOutputs', 'Does its receiver know a key again, and do the same thing once?', (so) => so.irreversibleOutputs === true],
  ['visibleSteps', 'Does the business want to see, or to stop at, steps in between?'],
  ['memoryState', 'Is state in memory changed that must not stay half changed?'],
  ['mustSurviveCrash', 'Must that memory survive a crash of the process?', (so) => so.memoryState === true],
  ['exchangesMessages', 'Do several processes hold state and send to each other?'],
  ['deterministic', 'Do handlers do the same again for the same messages?', (so) => so.exchangesMessages === true],
  ['boundedGroup', 'Does one team deploy all of them, at most about fifty?', (so) => so.exchangesMessages === true && !so.deterministic],
  ['noPause', 'Must nobody stand still while a checkpoint of all is taken?', (so) => so.boundedGroup === true],
];

export function addAdvise(program: Command, io: Io): void {
  const command = program
    .command('advise')
    .description('recommends techniques for an operation, with the reasons; asks, or is told by options')
    .option('--json', 'one JSON object')
    .option('--no-json', 'for people, also when piped');
  for (const [property, question] of QUESTIONS) command.option(`--${spelled(property)}`, question);
  command.action(async (options: Partial<Record<Property, boolean>> & { readonly json?: boolean }) => {
    const told = QUESTIONS.some(([property]) => options[property] !== undefined);
    if (!told && !io.canAsk)
      throw new UsageError('There is nobody to ask: say what is true of the operation by options ("redress advise --help").');
    const properties = told ? pick(options) : await ask(io);
    const recommendation = chooseTechnique(properties);
    const print = new Print(io, options.json);
    if (print.isJson) return print.record('advice', { properties, ...recommendation });
    if (recommendation.use.length === 0) print.line('Nothing is needed.');
    for (const one of recommendation.use) tell(print, print.colors.green('✔'), one);
    print.line();
    for (const one of recommendation.rejected) tell(print, print.colors.dim('–'), one);
  });
}

const spelled = (property: string): string => property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const pick = (options: Partial<Record<Property, boolean>>): OperationProperties =>
  Object.fromEntries(QUESTIONS.flatMap(([property]) => (options[property] ? [[property, true]] : [])));

async function ask(io: Io): Promise<OperationProperties> {
  let so: OperationProperties = {};
  for (const [property, question, only] of QUESTIONS) {
    if (only && !only(so)) continue;
    const answer = await io.ask(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) so = { ...so, [property]: true };
  }
  return so;
}

function tell(print: Print, sign: string, { technique, why }: Advice): void {
  print.line(`${sign} ${technique.padEnd(16)} ${why}`);
}
