import type { Operation } from './analysis/model.js';
import { classAround } from './analysis/syntax.js';
import { ts } from './port.js';
import type { Edit, Suggestion } from './rule.js';

/** The method that gets an undo. `mark`: its `@Step`, where it has one. */
export type Undoable = Pick<Operation, 'className' | 'method' | 'fn' | 'marks'>;

/** An undo that throws until it is written, with its mark and its import: each run that comes to it is stuck, and says why. */
export function stubFor({ className, method, fn, marks }: Undoable): readonly Suggestion[] {
  const type = classAround(fn);
  const mark = marks.find(({ name }) => name === 'Step');
  if (!type?.name || !ts.isMethodDeclaration(fn) || !ts.isIdentifier(fn.name)) return [];
  if (mark && !ts.isDecorator(mark.node)) return [];
  const undo = freeName(type, `undo${method.charAt(0).toUpperCase()}${method.slice(1)}`);
  const variable = (/[A-Za-z]/.exec(className)?.[0] ?? 's').toLowerCase();
  const source = fn.getSourceFile();
  const indent = /[ \t]*$/.exec(source.text.slice(0, fn.getStart(source)))?.[0] ?? '  ';
  const body = [
    `async ${undo}(undo: Undo<${className}, '${method}'>): Promise<void> {`,
    `${indent === '\t' ? '\t' : '  '}throw new Error(\`not implemented: undo of ${className}.${method}, \${undo.forwardKey}\`);`,
    '}',
  ];
  const text = `\n${body.map((line) => `\n${indent}${line}`).join('')}`;
  const compensate = `@Compensate((${variable}: ${className}) => ${variable}.${undo})`;
  const place = mark?.node ?? fn;
  const at = place.getStart(source);
  const call = mark && ts.isDecorator(mark.node) ? mark.node.expression : undefined;
  const isBare = call !== undefined && ts.isCallExpression(call) && call.arguments.length === 0;
  const marked: Edit = isBare
    ? { start: at, end: place.getEnd(), text: compensate }
    : { start: at, end: at, text: `${compensate}\n${indent}` };
  const edits = [...imported(source), marked, { start: fn.getEnd(), end: fn.getEnd(), text }];
  return [{ title: `Write a stub of its undo, ${undo}`, edits }];
}

function freeName(type: ts.ClassLikeDeclaration, wished: string): string {
  const taken = new Set(type.members.map((one) => one.name?.getText()));
  let name = wished;
  for (let i = 2; taken.has(name); i++) name = `${wished}${i}`;
  return name;
}

/** `Compensate` and `Undo`, where they are not imported yet. */
function imported(source: ts.SourceFile): readonly Edit[] {
  const names = new Set<string>();
  let beside: ts.NamedImports | undefined;
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    for (const one of bindings.elements) names.add(one.name.text);
    const isType = statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    if (!isType && statement.moduleSpecifier.getText().includes('@redress/decorators')) beside = bindings;
  }
  const missing = [...(names.has('Compensate') ? [] : ['Compensate']), ...(names.has('Undo') ? [] : ['type Undo'])];
  if (missing.length === 0) return [];
  const last = beside?.elements.at(-1);
  if (last) return [{ start: last.getEnd(), end: last.getEnd(), text: `, ${missing.join(', ')}` }];
  const start = source.statements[0]?.getStart(source) ?? 0;
  return [{ start, end: start, text: `import { ${missing.join(', ')} } from '@redress/decorators';\n` }];
}
