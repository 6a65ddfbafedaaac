import type { Rule } from './rule.js';
import { ruleOf, rules } from './rules/index.js';

/** The page of a rule, in Markdown; undefined when there is no such rule. */
export function explain(id: string): string | undefined {
  const rule = ruleOf(id);
  return rule && page(rule);
}

function page(rule: Rule): string {
  const where =
    rule.scope === 'project'
      ? 'Needs the whole project: only `redress lint` runs it.'
      : 'Also in the editor, by `eslint-plugin-redress`, as far as one file shows.';
  return [
    `# ${rule.id}`,
    '',
    rule.summary,
    '',
    `*${rule.family} · ${rule.preset} · ${rule.level}.* ${where}`,
    '',
    '## Why',
    '',
    rule.why,
    '',
    '## Wrong',
    '',
    '```ts',
    rule.wrong.trim(),
    '```',
    '',
    '## Right',
    '',
    '```ts',
    rule.right.trim(),
    '```',
    '',
    '## Options',
    '',
    rule.options ?? 'None, but its level under `lint.rules`.',
    '',
    '## When not to use it',
    '',
    rule.unless,
    '',
  ].join('\n');
}

/** The list of all rules, in Markdown. */
export function ruleIndex(): string {
  const families = [...new Set(rules.map(({ family }) => family))];
  return [
    '# The rules of the lint',
    '',
    'One page for each; `redress explain <rule>` prints it. *recommended* has no known false positives; *strict* guesses too.',
    ...families.flatMap((family) => [
      '',
      `## ${family.charAt(0).toUpperCase()}${family.slice(1)}`,
      '',
      '| Rule | Says | Preset | Level |',
      '|---|---|---|---|',
      ...rules
        .filter((one) => one.family === family)
        .map((one) => `| [${one.id}](${one.id}.md) | ${one.summary} | ${one.preset} | ${one.level} |`),
    ]),
    '',
  ].join('\n');
}
