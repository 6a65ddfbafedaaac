import type { LintConfig } from './config.js';
import type { Finding } from './findings.js';

/** The rules, with the compiler that they need. */
export interface LoadedRules {
  /** The syntactic rules over one file: what an editor shows. Never throws on odd code. */
  lintText(path: string, text: string, config?: LintConfig): readonly Finding[];
  /** The page of a rule, in Markdown; undefined when there is no such rule. */
  explain(id: string): string | undefined;
  /** The list of all rules, in Markdown. */
  index(): string;
  /** All that say something about one file alone, with one sentence each. */
  readonly inEditor: readonly { readonly id: string; readonly summary: string }[];
}

/** Loads the rules. It takes some tenths of a second, so it is done when they are needed. */
export async function loadRules(): Promise<LoadedRules> {
  const [{ lintText }, { explain, ruleIndex }, { rules }] = await Promise.all([
    import('./text.js'),
    import('./explain.js'),
    import('./rules/index.js'),
  ]);
  return {
    lintText,
    explain,
    index: ruleIndex,
    inEditor: rules.filter(({ scope }) => scope === 'file').map(({ id, summary }) => ({ id, summary })),
  };
}
