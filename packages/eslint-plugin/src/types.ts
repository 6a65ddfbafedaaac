/** What this plugin uses of ESLint and oxlint, which both hand it in; so that neither must be installed to type it. */
export interface RuleFixer {
  replaceTextRange(range: [number, number], text: string): unknown;
}

export type Fix = (fixer: RuleFixer) => unknown;

export interface Report {
  readonly loc: { readonly start: Position; readonly end: Position };
  readonly message: string;
  readonly fix?: Fix;
  readonly suggest?: { readonly desc: string; readonly fix: Fix }[];
}

interface Position {
  readonly line: number;
  /** From 0. */
  readonly column: number;
}

export interface RuleContext {
  readonly filename: string;
  readonly sourceCode: { readonly text: string };
  readonly settings: Readonly<Record<string, unknown>>;
  report(report: Report): void;
}

export interface EditorRule {
  readonly meta: {
    readonly type: 'problem';
    readonly docs: { readonly description: string; readonly recommended: boolean };
    readonly fixable: 'code';
    readonly hasSuggestions: true;
    readonly schema: [];
  };
  create(context: RuleContext): { Program(): void };
}

export interface PluginConfig {
  readonly name: string;
  readonly plugins: { readonly redress: Plugin };
  readonly rules: Readonly<Record<string, 'error' | 'warn'>>;
}

export interface Plugin {
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  readonly rules: Readonly<Record<string, EditorRule>>;
  /** Flat configurations. */
  readonly configs: { readonly recommended: PluginConfig; readonly strict: PluginConfig };
}
