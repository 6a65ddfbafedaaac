import { ts } from '../port.js';
import { isFunction } from './syntax.js';
import type { Function } from './syntax.js';

/** Finds the methods that stand behind a method of an interface, or of a class that others extend. */
export function implementationsIn(
  sources: readonly ts.SourceFile[],
  checker: ts.TypeChecker,
): (declaration: ts.Declaration) => readonly Function[] {
  let heirs: ReadonlyMap<ts.Declaration, readonly ts.ClassLikeDeclaration[]> | undefined;
  return (declaration) => {
    heirs ??= heirsOf(sources, checker);
    const { parent } = declaration;
    const name = (declaration as { name?: ts.PropertyName }).name;
    const owner = ts.isInterfaceDeclaration(parent) || ts.isClassLike(parent) ? parent : undefined;
    if (!name || !owner) return [];
    return below(owner, heirs, new Set()).flatMap((type): readonly Function[] => {
      const member = type.members.find((one) => one.name?.getText() === name.getText());
      if (!member) return [];
      if (isFunction(member)) return [member];
      return ts.isPropertyDeclaration(member) && member.initializer && isFunction(member.initializer) ? [member.initializer] : [];
    });
  };
}

function below(
  owner: ts.Declaration,
  heirs: ReadonlyMap<ts.Declaration, readonly ts.ClassLikeDeclaration[]>,
  seen: Set<ts.Declaration>,
): readonly ts.ClassLikeDeclaration[] {
  if (seen.has(owner)) return [];
  seen.add(owner);
  return (heirs.get(owner) ?? []).flatMap((one) => [one, ...below(one, heirs, seen)]);
}

function heirsOf(
  sources: readonly ts.SourceFile[],
  checker: ts.TypeChecker,
): ReadonlyMap<ts.Declaration, readonly ts.ClassLikeDeclaration[]> {
  const found = new Map<ts.Declaration, ts.ClassLikeDeclaration[]>();
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      for (const { expression } of node.heritageClauses?.flatMap(({ types }) => [...types]) ?? []) {
        for (const above of declarationsOf(expression, checker)) found.set(above, [...(found.get(above) ?? []), node]);
      }
    }
    if (ts.isClassLike(node) || ts.isSourceFile(node) || ts.isModuleDeclaration(node) || ts.isModuleBlock(node))
      ts.forEachChild(node, visit);
  };
  sources.forEach(visit);
  return found;
}

function declarationsOf(expression: ts.Expression, checker: ts.TypeChecker): readonly ts.Declaration[] {
  let symbol = checker.getSymbolAtLocation(expression);
  if (symbol && (symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
  return symbol?.declarations ?? [];
}
