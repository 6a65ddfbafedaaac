import { implementationsIn } from './analysis/implementations.js';
import { isStep, readUnit } from './analysis/model.js';
import { createReach } from './analysis/reach.js';
import { typedResolver } from './analysis/resolver.js';
import { checkUnits } from './check.js';
import type { LintConfig } from './config.js';
import { addCounts } from './counts.js';
import { countSteps, coverageOf } from './coverage.js';
import { classifier } from './effects/classify.js';
import type { Source } from './files.js';
import { ts } from './port.js';
import type { BackEnd, TypedProject } from './port.js';
import type { UnitResult } from './unit-result.js';
import { unreadable } from './unreadable.js';

const NOTHING: UnitResult = { findings: [], steps: addCounts([]), sagas: [] };

interface Looking {
  readonly backEnd: BackEnd;
  readonly config: LintConfig;
  readonly modules: readonly string[];
  readonly tsconfig: string | undefined;
  readonly display: (path: string) => string;
}

interface Looked {
  readonly found: ReadonlyMap<string, UnitResult>;
  readonly imports: ReadonlyMap<string, readonly string[]>;
}

/** Reads units with types, and all that they reach. @throws LintUsageError when the compiler's configuration cannot be read. */
export function lookAt(
  todo: readonly Source[],
  heirs: readonly Source[],
  { backEnd, config, modules, tsconfig, display }: Looking,
): Looked {
  const roots = [...todo, ...heirs].map(({ path }) => path);
  const project = backEnd.open(roots, tsconfig);
  const { checker } = project;
  const files = project.sources.filter(({ text }) => modules.some((module) => text.includes(module)));
  const found = new Map<string, UnitResult>();
  const spoiled = (path: string, error: unknown): void =>
    void found.set(path, { ...NOTHING, findings: [unreadable(display(path), error instanceof Error ? error.message : String(error))] });
  const units = files.flatMap((source) => {
    try {
      return [readUnit(source.fileName, source, modules)];
    } catch (error) {
      spoiled(source.fileName, error);
      return [];
    }
  });
  const resolver = typedResolver(() => units, checker, implementationsIn(project.sources, checker));
  const wanted = new Set(todo.map(({ path }) => path));
  const checked = units.filter(({ path }) => wanted.has(path));
  const byUnit = checkUnits({ units: checked, resolver, checker, emitsMetadata: project.emitsMetadata, config, display });
  const reach = createReach(resolver, classifier(config.effects));
  for (const unit of checked) {
    try {
      const findings = byUnit.get(unit.path) ?? [];
      found.set(unit.path, { findings, steps: countSteps(unit.operations.filter(isStep)), sagas: coverageOf(unit, reach, display) });
    } catch (error) {
      spoiled(unit.path, error);
    }
  }
  for (const { path } of todo) {
    if (!found.has(path)) spoiled(path, 'the compiler did not read it');
  }
  return { found, imports: importsOfAll(project) };
}

/** A file over which even this fails is not kept: it is looked at again each time. */
function importsOfAll(project: TypedProject): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const source of project.sources) {
    try {
      all.set(source.fileName, importsOf(source, project));
    } catch {
      all.delete(source.fileName);
    }
  }
  return all;
}

/** The sources of the project that one imports, also by a type or for its effect. */
function importsOf(source: ts.SourceFile, project: TypedProject): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (specifier && ts.isStringLiteral(specifier)) {
      const to = project.checker.getSymbolAtLocation(specifier)?.valueDeclaration?.getSourceFile().fileName;
      if (to !== undefined && project.file(to) && !to.endsWith('.d.ts')) found.add(to);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found];
}
