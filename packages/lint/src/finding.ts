import { fingerprint } from './findings.js';
import type { Finding } from './findings.js';
import { ts } from './port.js';
import type { Level, Problem } from './rule.js';

export interface About {
  readonly rule: string;
  readonly level: Level;
  readonly display: (path: string) => string;
}

export function findingOf(problem: Problem, { rule, level, display }: About): Finding {
  const source = problem.at.getSourceFile();
  const start = problem.at.getStart(source);
  const from = source.getLineAndCharacterOfPosition(start);
  const to = source.getLineAndCharacterOfPosition(problem.at.getEnd());
  const position = problem.of ? source.getLineAndCharacterOfPosition(startOf(problem.of, source)) : from;
  const text = lineOfText(source, from.line);
  const length = Math.max(1, to.line === from.line ? to.character - from.character : text.length - from.character);
  const path = display(source.fileName);
  const [className, method] = problem.subject ? [problem.subject.className, problem.subject.method] : around(problem.at);
  const snippet = problem.at.getText(source).replace(/\s+/g, ' ').slice(0, 200);
  return {
    rule,
    level,
    path,
    line: position.line + 1,
    column: position.character + 1,
    mark: { line: from.line + 1, text, column: from.character + 1, length },
    message: problem.message,
    help: problem.help ?? [],
    className,
    method,
    fingerprint: fingerprint(rule, path, className, method, snippet),
    through: [...new Set((problem.through ?? []).map(display))].filter((one) => one !== path),
    ...(problem.fix && problem.fix.length > 0 ? { fix: problem.fix } : {}),
    ...(problem.suggestions && problem.suggestions.length > 0 ? { suggestions: problem.suggestions } : {}),
  };
}

/** Behind its comments and decorators. */
function startOf(node: ts.Node, source: ts.SourceFile): number {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  const decorators = ts.canHaveDecorators(node) ? ts.getDecorators(node) : undefined;
  const last = decorators?.at(-1);
  if (!last) return node.getStart(source);
  const next = modifiers?.find((one) => one.pos >= last.end) ?? (node as ts.MethodDeclaration).name;
  return next.getStart(source);
}

function lineOfText(source: ts.SourceFile, line: number): string {
  const starts = source.getLineStarts();
  return source.text.slice(starts[line], starts[line + 1] ?? source.text.length).replace(/[\r\n]+$/, '');
}

function around(node: ts.Node): readonly [string, string] {
  const method = ts.findAncestor(
    node,
    (one) => ts.isMethodDeclaration(one) || ts.isConstructorDeclaration(one) || ts.isPropertyDeclaration(one),
  );
  const type = ts.findAncestor(node, ts.isClassLike);
  const name = method && 'name' in method ? (method.name as ts.Node | undefined)?.getText() : undefined;
  return [type?.name?.text ?? '', name ?? ''];
}
