import { ts } from '../port.js';
import { readOptions } from './options.js';
import type { Options } from './options.js';
import { bare, isFunction, valueOf } from './syntax.js';
import type { Function } from './syntax.js';

/** A decorator of ours. */
export interface Mark {
  /** `Saga`, `Compensate`: the name under which we export it. */
  readonly name: string;
  readonly node: ts.Node;
  readonly args: readonly ts.Expression[];
  readonly options: Options;
}

/** A method that is a saga or a step, or the function given to `defineSaga` or `defineStep`. */
export interface Operation {
  readonly kind: 'saga' | 'step';
  /** `Payments.charge`. */
  readonly label: string;
  readonly className: string;
  readonly method: string;
  /** What names it in the source. */
  readonly name: ts.Node;
  readonly declaration: ts.Node;
  readonly fn: Function;
  readonly marks: readonly Mark[];
  readonly isPlain: boolean;
  readonly unit: string;
}

export interface ClassModel {
  readonly name: string;
  readonly node: ts.ClassLikeDeclaration;
  readonly marks: readonly Mark[];
  readonly operations: readonly Operation[];
  /** Methods with any mark of ours, operations included. */
  readonly marked: readonly { readonly node: ts.MethodDeclaration; readonly marks: readonly Mark[] }[];
}

/** One source file as the rules see it. */
export interface Unit {
  readonly path: string;
  readonly source: ts.SourceFile;
  readonly classes: readonly ClassModel[];
  readonly operations: readonly Operation[];
}

export const mark = (of: { readonly marks: readonly Mark[] }, name: string): Mark | undefined => of.marks.find((one) => one.name === name);
export const isSaga = (one: Operation): boolean => one.kind === 'saga';
export const isStep = (one: Operation): boolean => one.kind === 'step';

/** A literal option of one of its marks, such as `optionOf(step, 'Step', 'readOnly')`. */
export function optionOf(of: { readonly marks: readonly Mark[] }, name: string, option: string): ts.Expression | undefined {
  return mark(of, name)?.options.get(option);
}

export type Declared = 'compensated' | 'read-only' | 'irreversible' | 'undeclared' | 'unreadable';

/** What a step says of its way back. */
export function declared(step: Operation): Declared {
  if (mark(step, 'Compensate') || (step.isPlain && optionOf(step, 'Step', 'compensate'))) return 'compensated';
  if (optionOf(step, 'Step', 'readOnly')) return 'read-only';
  if (optionOf(step, 'Step', 'irreversible')) return 'irreversible';
  return mark(step, 'Step')?.options.isWhole === false ? 'unreadable' : 'undeclared';
}

export function isPivot(step: Operation): boolean {
  return optionOf(step, 'Step', 'pivot')?.kind === ts.SyntaxKind.TrueKeyword;
}

/** Reads the marks of a file. `modules`: where they are imported from. */
export function readUnit(path: string, source: ts.SourceFile, modules: readonly string[]): Unit {
  const ours = importsOf(source, modules);
  const classes: ClassModel[] = [];
  const plain: Operation[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) classes.push(readClass(node, ours, path));
    const defined = ts.isCallExpression(node) ? readDefined(node, ours, path) : undefined;
    if (defined) plain.push(defined);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path, source, classes, operations: [...classes.flatMap(({ operations }) => operations), ...plain] };
}

/** Local name, or `namespace.`, to the name that we export. */
function importsOf(source: ts.SourceFile, modules: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const from = statement.moduleSpecifier.text;
    if (!modules.some((module) => from === module || (module.endsWith('/') && from.startsWith(module)))) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings) continue;
    if (ts.isNamespaceImport(bindings)) names.set(`${bindings.name.text}.`, '');
    else for (const one of bindings.elements) names.set(one.name.text, (one.propertyName ?? one.name).text);
  }
  return names;
}

type Ours = ReadonlyMap<string, string>;

/** Our name of what is called: `Saga` for `Saga`, `R.Saga` and `S` imported as `S`. */
function ourName(node: ts.Expression, ours: Ours): string | undefined {
  if (ts.isIdentifier(node)) return ours.get(node.text);
  if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return undefined;
  return ours.has(`${node.expression.text}.`) ? node.name.text : undefined;
}

function marksOf(node: ts.Node, ours: Ours): readonly Mark[] {
  const decorators = ts.canHaveDecorators(node) ? (ts.getDecorators(node) ?? []) : [];
  return decorators.flatMap((decorator) => {
    const call = decorator.expression;
    const callee = ts.isCallExpression(call) ? call.expression : call;
    const name = ourName(callee, ours);
    const args = ts.isCallExpression(call) ? [...call.arguments] : [];
    return name === undefined ? [] : [{ name, node: decorator, args, options: readOptions(name === 'Compensate' ? args[1] : args[0]) }];
  });
}

function readClass(node: ts.ClassLikeDeclaration, ours: Ours, unit: string): ClassModel {
  const name = node.name?.text ?? '(class)';
  const methods = node.members.filter(ts.isMethodDeclaration);
  const marked = methods.map((method) => ({ node: method, marks: marksOf(method, ours) })).filter(({ marks }) => marks.length > 0);
  const operations = marked.flatMap(({ node: method, marks }): Operation[] => {
    const isSagaMethod = marks.some((one) => one.name === 'Saga');
    const isStepMethod = marks.some((one) => one.name === 'Step' || one.name === 'Compensate');
    if ((!isSagaMethod && !isStepMethod) || !isFunction(method)) return [];
    const called = method.name.getText();
    return [
      {
        kind: isSagaMethod ? 'saga' : 'step',
        label: `${name}.${called}`,
        className: name,
        method: called,
        name: method.name,
        declaration: method,
        fn: method,
        marks,
        isPlain: false,
        unit,
      },
    ];
  });
  return { name, node, marks: marksOf(node, ours), operations, marked };
}

/** `defineSaga(name, options, body)` and `defineStep(name, options, body)`. */
function readDefined(call: ts.CallExpression, ours: Ours, unit: string): Operation | undefined {
  const defined = ourName(call.expression, ours);
  if (defined !== 'defineSaga' && defined !== 'defineStep') return undefined;
  const [named, options, body] = call.arguments;
  const fn = valueOf(body);
  if (!named || !isFunction(fn)) return undefined;
  const kind = defined === 'defineSaga' ? 'saga' : 'step';
  const label = ts.isStringLiteralLike(bare(named)) ? (bare(named) as ts.StringLiteralLike).text : named.getText();
  const name = kind === 'saga' ? 'Saga' : 'Step';
  const marks: Mark[] = [{ name, node: call, args: [...call.arguments], options: readOptions(options) }];
  return { kind, label, className: '', method: label, name: named, declaration: call, fn, marks, isPlain: true, unit };
}
