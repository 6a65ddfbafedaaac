import type { Edit, Finding, LintConfig, LoadedRules } from '@redress/lint';
import type { EditorRule, Fix, Report, RuleContext } from './types.js';

type LintText = LoadedRules['lintText'];

interface Shown {
  readonly id: string;
  readonly summary: string;
  readonly preset: string;
}

/** One rule of the lint as one of the editor's. All rules of a file share one look at it. */
export function ruleFor({ id, summary, preset }: Shown, lintText: LintText): EditorRule {
  return {
    meta: {
      type: 'problem',
      docs: { description: summary, recommended: preset === 'recommended' },
      fixable: 'code',
      hasSuggestions: true,
      schema: [],
    },
    create: (context) => ({
      Program() {
        for (const finding of look(context, lintText)) if (finding.rule === id) context.report(reportOf(finding));
      },
    }),
  };
}

let last: { readonly key: string; readonly findings: readonly Finding[] } | undefined;

function look({ filename, sourceCode, settings }: RuleContext, lintText: LintText): readonly Finding[] {
  const { effects, modules } = (settings['redress'] ?? {}) as Pick<LintConfig, 'effects' | 'modules'>;
  const key = JSON.stringify([filename, effects, modules, sourceCode.text]);
  if (last?.key === key) return last.findings;
  const config: LintConfig = { preset: 'strict', ...(effects ? { effects } : {}), ...(modules ? { modules } : {}) };
  const findings = lintText(filename, sourceCode.text, config);
  last = { key, findings };
  return findings;
}

function reportOf({ mark, message, help, fix, suggestions }: Finding): Report {
  const start = { line: mark.line, column: mark.column - 1 };
  return {
    loc: { start, end: { line: mark.line, column: start.column + mark.length } },
    message: [message, ...help.slice(0, 1).map((one) => `help: ${one}`)].join('\n'),
    ...(fix ? { fix: fixOf(fix) } : {}),
    ...(suggestions ? { suggest: suggestions.map(({ title, edits }) => ({ desc: title, fix: fixOf(edits) })) } : {}),
  };
}

function fixOf(edits: readonly Edit[]): Fix {
  return (fixer) => edits.map(({ start, end, text }) => fixer.replaceTextRange([start, end], text));
}
