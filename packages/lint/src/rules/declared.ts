import { ts } from '../port.js';

/** The declaration of a name, behind its import where there are types. */
export function localOrTyped(name: ts.Identifier, local: ts.Node | undefined, checker: ts.TypeChecker | undefined): ts.Node | undefined {
  let symbol = checker?.getSymbolAtLocation(name);
  if (checker && symbol && (symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = checker.getAliasedSymbol(symbol);
  return symbol?.declarations?.find((one) => !ts.isImportSpecifier(one)) ?? local;
}
