import { ts } from '../port.js';
import type { Operation, Unit } from './model.js';
import { foreignTarget, importedFrom } from './foreign.js';
import type { Follow, Foreign } from './foreign.js';
import { ownTarget } from './own.js';
import { bare, declarationOf, isFunction } from './syntax.js';
import type { Function } from './syntax.js';

/** What a call reaches: code of the project, or something of others by its name. */
export type Target = { readonly kind: 'code'; readonly fn: Function } | Foreign;

export interface Resolver {
  /** Several for a method of an interface: its implementations. Empty: nobody knows. */
  targets(call: ts.CallExpression | ts.NewExpression): readonly Target[];
  /** The saga or step whose body a function is. */
  operationOf(fn: ts.Node): Operation | undefined;
  /** The operations a call may be of. */
  operations(call: ts.CallExpression): readonly Operation[];
}

/** Knows what one file says. */
export function localResolver(units: () => readonly Unit[]): Resolver {
  return resolverOf(units, ownTarget, () => undefined);
}

/** Asks the checker first, and what the file says where it knows nothing. */
export function typedResolver(
  units: () => readonly Unit[],
  checker: ts.TypeChecker,
  implementations: (declaration: ts.Declaration) => readonly Function[],
): Resolver {
  const own = (call: ts.CallExpression): readonly Function[] => {
    const found = declarationsOf(call, checker).flatMap((one) => (isFunction(one) ? [one] : bodyOf(one, implementations)));
    return found.length > 0 ? found : ownTarget(call);
  };
  return resolverOf(units, own, (specifier) => followed(specifier, checker));
}

function followed(specifier: ts.Node, checker: ts.TypeChecker): ts.Node | undefined {
  const { name } = specifier as { readonly name?: ts.Identifier };
  const symbol = name && checker.getSymbolAtLocation(name);
  if (!symbol || (symbol.flags & ts.SymbolFlags.Alias) === 0) return undefined;
  return checker.getAliasedSymbol(symbol).declarations?.[0];
}

function resolverOf(units: () => readonly Unit[], own: (call: ts.CallExpression) => readonly Function[], follow: Follow): Resolver {
  let byFunction: ReadonlyMap<ts.Node, Operation> | undefined;
  const known = new WeakMap<ts.Node, readonly Target[]>();
  const operationOf = (fn: ts.Node): Operation | undefined => {
    byFunction ??= new Map(units().flatMap(({ operations }) => operations.map((one) => [one.fn, one] as const)));
    return byFunction.get(fn);
  };
  const targets = (call: ts.CallExpression | ts.NewExpression): readonly Target[] => {
    const before = known.get(call);
    if (before) return before;
    const code = ts.isCallExpression(call) ? own(call).map((fn) => ({ kind: 'code' as const, fn })) : [];
    const foreign = code.length > 0 ? undefined : foreignTarget(call, follow);
    const answer = foreign ? [foreign] : code;
    known.set(call, answer);
    return answer;
  };
  return {
    targets,
    operationOf,
    operations: (call) => {
      const first = call.arguments[0];
      const plain = first && isStepCall(call) ? definedFor(first, units(), follow) : undefined;
      if (plain) return [plain];
      return targets(call).flatMap((one) => (one.kind === 'code' ? (operationOf(one.fn) ?? []) : []));
    },
  };
}

/** `run.step(reserve, order)`, `run.child(saga, order)`. */
function isStepCall(call: ts.CallExpression): boolean {
  return ts.isPropertyAccessExpression(call.expression) && ['step', 'child'].includes(call.expression.name.text);
}

/** The call of `defineStep` or `defineSaga` behind a constant, of this file or of another one. */
function definedFor(node: ts.Expression, units: readonly Unit[], follow: Follow): Operation | undefined {
  const name = bare(node);
  const local = ts.isIdentifier(name) ? declarationOf(name.text, name) : undefined;
  const declared = local && importedFrom(local) !== undefined ? follow(local) : local;
  if (!declared || !ts.isVariableDeclaration(declared) || !declared.initializer) return undefined;
  const made = bare(declared.initializer);
  return units.flatMap(({ operations }) => operations).find((one) => one.isPlain && one.declaration === made);
}

function declarationsOf(call: ts.CallExpression, checker: ts.TypeChecker): readonly ts.Declaration[] {
  const callee = bare(call.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  let symbol = checker.getSymbolAtLocation(name);
  if (symbol && (symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
  return (symbol?.declarations ?? []).filter((one) => !one.getSourceFile().isDeclarationFile);
}

/** The code behind a declaration that has none of its own: an arrow in a constant, the classes that implement an interface. */
function bodyOf(one: ts.Declaration, implementations: (declaration: ts.Declaration) => readonly Function[]): readonly Function[] {
  if ((ts.isVariableDeclaration(one) || ts.isPropertyDeclaration(one) || ts.isPropertyAssignment(one)) && one.initializer) {
    const value = bare(one.initializer);
    return isFunction(value) ? [value] : [];
  }
  if (ts.isMethodSignature(one) || ts.isMethodDeclaration(one) || ts.isPropertySignature(one)) return implementations(one);
  return [];
}
