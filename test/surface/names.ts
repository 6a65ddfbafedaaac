import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Packages that have a door. */
export function packagesWithDoor(root: string): readonly string[] {
  const packages = join(root, 'packages');
  return readdirSync(packages).filter((name) => existsSync(join(packages, name, 'src/index.ts')));
}

/** The names that each entry file gives away: `kind name`, one per line, sorted by name. Kinds tell values from types. */
export function publicNames(root: string, entries: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const options: ts.CompilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, noLib: true, types: [] };
  const host = ts.createCompilerHost(options);
  // Names need no types of others: only our own files are read, which takes a tenth of the time.
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => {
      const resolvedFileName = sourceOf(root, text, from);
      return { resolvedModule: resolvedFileName === undefined ? undefined : { resolvedFileName, extension: ts.Extension.Ts } };
    });
  const program = ts.createProgram({ rootNames: [...entries], options, host });
  const checker = program.getTypeChecker();
  return new Map(
    entries.map((entry) => {
      const file = program.getSourceFile(entry);
      const module = file && checker.getSymbolAtLocation(file);
      const symbols = module ? checker.getExportsOfModule(module) : [];
      const names = symbols.map((symbol) => ({ name: symbol.name, kind: kindOf(symbol, checker) }));
      return [entry, names.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, kind }) => `${kind} ${name}`)];
    }),
  );
}

function sourceOf(root: string, to: string, from: string): string | undefined {
  const ours = /^@redress\/([^/]+)$/.exec(to)?.[1];
  const path = ours ? join(root, 'packages', ours, 'src/index.ts') : to.startsWith('.') ? join(from, '..', to.replace(/\.js$/, '.ts')) : '';
  return existsSync(path) && path.endsWith('.ts') ? path : undefined;
}

const KINDS: readonly (readonly [ts.SymbolFlags, string])[] = [
  [ts.SymbolFlags.Class, 'class'],
  [ts.SymbolFlags.Function, 'function'],
  [ts.SymbolFlags.Enum, 'enum'],
  [ts.SymbolFlags.Variable, 'const'],
  [ts.SymbolFlags.Interface, 'interface'],
  [ts.SymbolFlags.TypeAlias, 'type'],
  [ts.SymbolFlags.Namespace, 'namespace'],
];

function kindOf(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const typeOnly =
    isAlias && (symbol.declarations ?? []).some((one) => ts.isExportSpecifier(one) && ts.isTypeOnlyImportOrExportDeclaration(one));
  const { flags } = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  const kinds = KINDS.filter(([flag]) => (flags & flag) !== 0).map(([, kind]) => kind);
  const kind = kinds.length === 0 ? 'foreign' : kinds.join('+');
  return typeOnly && !['interface', 'type'].includes(kind) ? `type-only ${kind}` : kind;
}
